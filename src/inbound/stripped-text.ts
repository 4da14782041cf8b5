import EmailReplyParser from 'email-reply-parser';

/** Kept of the answer. */
const MAX_STRIPPED_BYTES = 64 * 1024;
/** Looked at of a text: whoever writes more above his signature is read up to here. */
const MAX_TEXT_CHARACTERS = 256 * 1024;

/** Handed to the library at most. Its patterns are not linear, and some reach across all lines. */
const MAX_LINES = 1_000;
const MAX_SHOWN_LINES = 500;
const MAX_LINE_CHARACTERS = 160;
const MAX_CHARACTERS = 6_000;
/** Lines that begin or end what reaches across lines. */
const MAX_REACHING_LINES = 6;
const REACHING = /^\s*(?:Op|W dniu|Dnia|在|[a-z]{3,4}\.)(?:\s|$|\P{ASCII})|schreef|skrev|pisze|napisał|写道/u;

/** Beginnings of quotations that the library does not know: Gmail's in Korean, Chinese and Japanese. It is given one that it knows. */
const UNKNOWN_HEADER = /(?:님이 작성|写道|寫道) ?[:：]$|^20[0-9]{2}年.*> ?[:：]$/;
const KNOWN_HEADER = ['2000. ', ' 작성:'] as const;

/** A line that stands for others, between two characters that have no meaning and are in no other line that is handed over. */
const STANDS_FOR = /(?:2000\. )?\uE000([0-9]+)\uE001(?: 작성:)?/g;
/** Put into a replacement, `$` copies what stands before it: four lines of it become 20 MB. */
const UNFIT = /[\uE000\uE001$\0]/;

/**
 * The reply without quotes and signature, by `email-reply-parser`. Its patterns are no match for hostile text (1.5 KB can cost it
 * seconds, or become 20 MB), so it never sees any: quoted lines are handed over as a bare `>`, and every line that is long, odd or
 * beyond a small measure as a mark, which is put back afterwards. A line that begins or ends a quotation is short, so nothing is lost.
 */
export function strippedText(text: string): string {
  const { given, hidden } = tamed(text.slice(0, MAX_TEXT_CHARACTERS));
  const visible = new EmailReplyParser().parseReply(given);
  const restored = visible.replace(STANDS_FOR, (_mark, place: string) => hidden[Number(place)] ?? '');
  return cutToBytes(restored.trim(), MAX_STRIPPED_BYTES);
}

interface Tamed {
  readonly given: string;
  readonly hidden: readonly string[];
}

type Kind = 'quoted' | 'blank' | 'hidden' | 'shown';

function tamed(text: string): Tamed {
  const lines: string[] = [];
  const hidden: string[][] = [];
  let left = MAX_CHARACTERS;
  let reaching = MAX_REACHING_LINES;
  let before: Kind | null = null;
  for (const written of text.split(/\r\n|\r|\n/)) {
    const line = written.trimEnd();
    const isRoomLeft = left > line.length && reaching > 0 && lines.length < MAX_SHOWN_LINES;
    const kind = kindOf(line, { isRoomLeft, before });
    if (kind === 'hidden' && before === 'hidden') hidden.at(-1)?.push(line);
    else if (kind === before && (kind === 'quoted' || kind === 'blank')) continue;
    else if (lines.length >= MAX_LINES) break;
    else if (kind === 'hidden') lines.push(markOf(hidden.push([line])));
    else if (UNKNOWN_HEADER.test(line)) lines.push(KNOWN_HEADER.join(markOf(hidden.push([line]))));
    else lines.push(kind === 'quoted' ? '>' : line === '--' ? '-- ' : line);
    if (kind === 'shown') {
      left -= line.length;
      if (REACHING.test(line)) reaching -= 1;
    }
    before = kind;
  }
  return { given: lines.join('\n'), hidden: hidden.map((run) => run.join('\n')) };
}

function markOf(count: number): string {
  return `\uE000${count - 1}\uE001`;
}

function kindOf(
  line: string,
  { isRoomLeft, before }: { readonly isRoomLeft: boolean; readonly before: Kind | null },
): Kind {
  if (line === '') return before === 'hidden' && !isRoomLeft ? 'hidden' : 'blank';
  if (/^\s{0,8}>/.test(line)) return 'quoted';
  return line.length > MAX_LINE_CHARACTERS || !isRoomLeft || UNFIT.test(line) ? 'hidden' : 'shown';
}

/** As much as fits into so many bytes of UTF-8, never half a character. */
function cutToBytes(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text;
  const encoded = new TextEncoder().encode(text);
  if (encoded.length <= bytes) return text;
  let end = bytes;
  while (((encoded[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(encoded.subarray(0, end));
}
