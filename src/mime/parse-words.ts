import { Base64Decoder } from './base64-decoder.ts';
import { bytesOfBinary, concatenated } from './bytes.ts';
import { charsetOf, decodeAs, decodeUndeclared } from './charsets.ts';
import { fieldText } from './parse-header.ts';

/**
 * RFC 2047 §2, as it is met: white space inside, a charset with a language behind it (RFC 2231 §5). No character class
 * reaches beyond a question mark, so that a flood of beginnings is read once.
 */
const ENCODED_WORD = /=\?([^?\s*]{1,100})(?:\*[^?\s]{0,100})?\?([BbQq])\?([^?]*|[^?]*\?(?!=)[^?]*)\?=/g;

interface Word {
  readonly charset: string;
  readonly bytes: Uint8Array[];
}

/**
 * A value of a received header as text, its encoded words decoded, once. What stands between them is decoded as what it is,
 * 8-bit bytes inside them as what the word says. Words of one charset that follow each other are joined
 * before they are decoded: some writers cut a character in two. Control characters become spaces, so that no line and no
 * field comes out of a word. UTF-7 stays as it stands.
 *
 * @param text as it came: one character for each byte, U+000A where a fold was, which inside a word means nothing and
 *   elsewhere is a space
 * @param elsewhere the charset of the rest of the mail, for words that name none that is known
 */
export function decodeReceivedWords(text: string, elsewhere: string | null): string {
  if (!text.includes('=?')) return withoutControls(fieldText(text, elsewhere));
  const segments: (string | Word)[] = [];
  let end = 0;
  for (const match of text.matchAll(ENCODED_WORD)) {
    const between = text.slice(end, match.index);
    const last = segments.at(-1);
    // White space between two words is not part of the text (RFC 2047 §6.2).
    if (between !== '' && !(typeof last === 'object' && /^[ \t\n]+$/.test(between))) segments.push(between);
    end = match.index + match[0].length;
    addWord(segments, match[1] ?? '', bytesOfWord(match[2] ?? '', match[3] ?? ''), match[0]);
  }
  segments.push(text.slice(end));
  return withoutControls(
    segments
      .map((segment) =>
        typeof segment === 'string' ? fieldText(segment, elsewhere) : textOf(segment, elsewhere),
      )
      .join(''),
  );
}

function addWord(segments: (string | Word)[], label: string, bytes: Uint8Array, written: string): void {
  const charset = charsetOf(label);
  if (charset.kind === 'utf-7') {
    segments.push(written);
    return;
  }
  const name = charset.kind === 'known' ? charset.name : '';
  const last = segments.at(-1);
  if (typeof last === 'object' && last.charset === name) last.bytes.push(bytes);
  else segments.push({ charset: name, bytes: [bytes] });
}

function textOf({ charset, bytes }: Word, elsewhere: string | null): string {
  const all = concatenated(bytes);
  return charset === '' ? decodeUndeclared(all, elsewhere) : decodeAs(charset, all);
}

function bytesOfWord(encoding: string, content: string): Uint8Array {
  const folded = content.replaceAll('\n', '');
  if (encoding === 'Q' || encoding === 'q') return bytesOfQ(folded);
  const decoder = new Base64Decoder();
  return concatenated([decoder.decode(bytesOfBinary(folded)), decoder.end()]);
}

/** RFC 2047 §4.2: an underscore is a space. What is not ASCII stands for itself. */
function bytesOfQ(content: string): Uint8Array {
  const plain = content.replaceAll('_', ' ');
  if (!plain.includes('=')) return bytesOfBinary(plain);
  const pieces = plain.split('=');
  return concatenated(
    pieces.map((piece, i) => {
      if (i === 0) return bytesOfBinary(piece);
      const hex = /^[0-9A-Fa-f]{2}/.exec(piece)?.[0];
      if (hex === undefined) return bytesOfBinary(`=${piece}`);
      return concatenated([Uint8Array.of(Number.parseInt(hex, 16)), bytesOfBinary(piece.slice(2))]);
    }),
  );
}

function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
