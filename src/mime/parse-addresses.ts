import { fieldText } from './parse-header.ts';
import { MAX_ADDRESSES } from './parse-limits.ts';
import { decodeReceivedWords } from './parse-words.ts';
import type { ParsedAddress } from './parsed.ts';

interface Token {
  readonly kind: 'word' | 'quoted' | 'angle' | 'comment' | 'separator';
  /** Without its delimiters, escapes undone; of a word and an angle address as it stands. */
  readonly text: string;
  /** White space, or nothing but a comment, stands before it. */
  readonly isApart: boolean;
}

/** Longer than an address can be (RFC 5321 §4.5.3.1): a flood of opened brackets and quotes is not searched to its end each time. */
const MAX_ANGLE_CHARACTERS = 1_000;
/** Pieces of one address with white space around their dots. */
const MAX_GLUED = 64;
/** Longer than the 75 characters that RFC 2047 §2 allows, as some are. */
const MAX_ENCODED_WORD = 1_024;
const ENCODED_WORD = /^=\?[^?\s]{1,100}\?[BbQq]\?[^?]*\?=/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: ISO-2022 begins with an escape
const SHIFTED = /^\x1b\$[^\x1b\n]*\x1b\([BJ]/;

const END: Token = { kind: 'separator', text: '', isApart: true };

/**
 * Reads the address list of a mail that somebody sent us (RFC 5322 §3.4 with what §4.4 once allowed, and what is met), for
 * showing and searching. Nothing is refused: what names no address is a name without one. Groups are flattened.
 *
 * An address is what stands in angle brackets, or a bare word with an `@`; only what was written so. Encoded words are decoded
 * in names and comments alone, so a name that decodes to an address is a name. One pass over the characters, one over the
 * tokens.
 *
 * @param text as it came: one character for each byte, U+000A where a fold was
 */
export function readReceivedAddresses(
  text: string,
  elsewhere: string | null,
): { readonly addresses: readonly ParsedAddress[]; readonly isCut: boolean } {
  const addresses: ParsedAddress[] = [];
  let element: Token[] = [];
  for (const token of tokensOf(text)) {
    if (token.kind !== 'separator') {
      element.push(token);
      continue;
    }
    // The name of a group. A colon behind an address is somebody's mistake for a comma.
    const isGroupName = token.text === ':' && !element.some(isAddressLike);
    const address = isGroupName ? null : addressOf(element, elsewhere);
    element = [];
    if (address === null) continue;
    if (addresses.length >= MAX_ADDRESSES) return { addresses, isCut: true };
    addresses.push(address);
  }
  return { addresses, isCut: false };
}

function isAddressLike({ kind, text }: Token): boolean {
  return kind === 'angle' || (kind === 'word' && text.includes('@'));
}

function addressOf(element: readonly Token[], elsewhere: string | null): ParsedAddress | null {
  const angle = element.find(({ kind, text }) => kind === 'angle' && text.trim() !== '');
  const bare = angle === undefined ? bareAddress(element) : null;
  const words = element.filter(
    (token) => token.kind !== 'comment' && token.kind !== 'angle' && bare?.tokens.has(token) !== true,
  );
  const comments = element.filter(({ kind }) => kind === 'comment');
  const name = named(nameOf(words, elsewhere), nameOf(comments, elsewhere));
  const address = fieldText(
    angle === undefined ? (bare?.address ?? '') : angleAddress(angle.text),
    elsewhere,
  );
  return name === '' && address === '' ? null : { name, address };
}

/** A comment is a name where there is no other (RFC 822 mail), and stands behind one where there is. */
function named(name: string, comment: string): string {
  if (name === '' || comment === '') return name + comment;
  return `${name} (${comment})`;
}

/** A word with an `@`, and what belongs to it: a quoted local part, white space around dots (RFC 5322 §4.4). */
function bareAddress(
  element: readonly Token[],
): { readonly address: string; readonly tokens: ReadonlySet<Token> } | null {
  const parts = element.filter(({ kind }) => kind === 'word' || kind === 'quoted');
  const place = parts.findIndex(({ kind, text }) => kind === 'word' && text.includes('@'));
  const at = parts[place];
  if (at === undefined) return null;
  const tokens = new Set([at]);
  let address = at.text;
  for (let before = place - 1; before >= Math.max(0, place - MAX_GLUED); before -= 1) {
    const token = parts[before];
    const next = parts[before + 1];
    if (
      token === undefined ||
      !(isGlue(address, 'start') || (token.kind === 'word' && token.text.endsWith('.')))
    )
      break;
    if (token.kind === 'quoted' && next?.isApart === true) break;
    address = (token.kind === 'quoted' ? `"${token.text}"` : token.text) + address;
    tokens.add(token);
  }
  for (let behind = place + 1; behind < Math.min(parts.length, place + MAX_GLUED); behind += 1) {
    const token = parts[behind];
    if (token?.kind !== 'word' || !(isGlue(address, 'end') || /^[.@]/.test(token.text))) break;
    address += token.text;
    tokens.add(token);
  }
  return { address, tokens };
}

function isGlue(address: string, side: 'start' | 'end'): boolean {
  const character = side === 'start' ? address[0] : address.at(-1);
  return character === '.' || character === '@';
}

/**
 * What stands in angle brackets, without route (RFC 5322 §4.4), comments and the white space that may stand around dots.
 * What comes behind any other white space or comment is left out: joined, it would be an address that nobody wrote.
 */
function angleAddress(written: string): string {
  const plain = withoutComments(written)
    .replace(/[ \t\n]+/g, ' ')
    .trim();
  const route = /^@[^:]*:/.exec(plain)?.[0] ?? '';
  const spec = plain
    .slice(route.length)
    .replace(/ ?([.@]) ?/g, '$1')
    .trim();
  return spec.startsWith('"') ? spec : (spec.split(' ')[0] ?? '');
}

/** Words of an unquoted run are decoded together, so that white space between encoded words goes (RFC 2047 §6.2). */
function nameOf(tokens: readonly Token[], elsewhere: string | null): string {
  const runs: { text: string; isQuoted: boolean }[] = [];
  for (const { kind, text } of tokens) {
    const last = runs.at(-1);
    const isQuoted = kind !== 'word';
    if (last !== undefined && !last.isQuoted && !isQuoted) last.text += ` ${text}`;
    else runs.push({ text, isQuoted });
  }
  // Joined at the end: to look at the end of what grows would copy it each time.
  const pieces: string[] = [];
  let isApart = true;
  for (const { text } of runs) {
    const decoded = decodeReceivedWords(text, elsewhere);
    pieces.push(isApart || decoded.startsWith(' ') ? decoded : ` ${decoded}`);
    isApart = decoded.endsWith(' ');
  }
  return pieces.join('').trim();
}

function* tokensOf(text: string): Generator<Token> {
  let at = 0;
  let isApart = true;
  while (at < text.length) {
    const character = text.charAt(at);
    const kind = kindOf(character);
    if (kind === null) {
      at += 1;
      isApart = true;
      continue;
    }
    const { content, end } = contentAt(text, at, kind);
    yield { kind, text: content, isApart };
    isApart = kind === 'comment';
    at = end;
  }
  yield END;
}

function kindOf(character: string): Token['kind'] | null {
  switch (character) {
    case '"':
      return 'quoted';
    case '<':
      return 'angle';
    case '(':
      return 'comment';
    case ',':
    case ';':
    case ':':
      return 'separator';
    case '\x1b':
      return 'word';
    default:
      return /[ \t\r\n]/.test(character) ? null : 'word';
  }
}

interface Content {
  readonly content: string;
  readonly end: number;
}

function contentAt(text: string, at: number, kind: Token['kind']): Content {
  switch (kind) {
    case 'separator':
      return { content: text.charAt(at), end: at + 1 };
    case 'comment':
      return commentAt(text, at);
    case 'quoted':
      return quotedAt(text, at);
    case 'angle':
      return angleAt(text, at);
    case 'word':
      return wordAt(text, at);
  }
}

/** A stray closing bracket is part of a word; an encoded word, and raw ISO-2022-JP, may hold what would end one. */
function wordAt(text: string, start: number): Content {
  const shifted = SHIFTED.exec(text.slice(start, start + MAX_ENCODED_WORD))?.[0];
  if (shifted !== undefined) return { content: shifted, end: start + shifted.length };
  const encoded = text.startsWith('=?', start)
    ? ENCODED_WORD.exec(text.slice(start, start + MAX_ENCODED_WORD))
    : null;
  let at = start + (encoded?.[0].length ?? 1);
  while (at < text.length && !/[()<,;:" \t\r\n]/.test(text.charAt(at))) at += 1;
  return { content: text.slice(start, at), end: at };
}

function quotedAt(text: string, start: number): Content {
  let content = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return { content, end: at + 1 };
    if (character === '\\' && at + 1 < text.length) at += 1;
    content += text.charAt(at);
  }
  return { content, end: text.length };
}

/** Comments nest (RFC 5322 §3.2.2); counted, not recursed into. */
function commentAt(text: string, start: number): Content {
  let depth = 0;
  let content = '';
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && at + 1 < text.length) {
      at += 1;
      content += text.charAt(at);
      continue;
    }
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth === 0) return { content, end: at + 1 };
    if (at > start) content += character;
  }
  return { content, end: text.length };
}

/** Up to the closing bracket, quotes respected; without one up to the comma, so that one mistake costs one address. */
function angleAt(text: string, start: number): Content {
  let isQuoted = false;
  const last = Math.min(text.length, start + MAX_ANGLE_CHARACTERS);
  for (let at = start + 1; at < last; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && isQuoted) at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '>') return { content: text.slice(start + 1, at), end: at + 1 };
    else if (!isQuoted && character === '<') return { content: text.slice(start + 1, at), end: at };
  }
  const comma = text.slice(start, last).indexOf(',');
  const end = comma < 0 ? last : start + comma;
  return { content: text.slice(start + 1, end), end };
}

/** Comments become white space; inside quotes there are none. */
function withoutComments(text: string): string {
  let kept = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') isQuoted = !isQuoted;
    if (character === '(' && !isQuoted) {
      at = commentAt(text, at).end - 1;
      kept += ' ';
    } else kept += character;
  }
  return kept;
}
