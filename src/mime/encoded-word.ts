import { charsetOf, decodeAs } from './charsets.ts';

/** RFC 2047 §2: a whole encoded word, its delimiters included. */
const MAX_WORD_LENGTH = 75;
/** Room for one character of four bytes as `=F0=9F=98=80`: below it there would be no progress. */
const MIN_WORD_LENGTH = 24;
const OVERHEAD = '=?utf-8?q??='.length;
const MAX_COST_OF_LEGIBILITY = 1.5;
/** RFC 2047 §5 (3): the bytes that may stand for themselves even in a display name. */
const LITERAL = /[A-Za-z0-9!*+\-/]/;
const ENCODED_WORD = /=\?([^\s?*]+)(?:\*[^\s?]*)?\?([BbQq])\?([^\s?]*)\?=/g;

/**
 * The text as a list of RFC 2047 encoded words in UTF-8, none longer than 75 characters, none cut inside a character.
 * Readers drop the white space between them. Q leaves Latin text legible in the source; B is for where Q costs much more.
 * `firstLength` is for the first word, which shares its line with the name of the field.
 */
export function encodeWords(text: string, firstLength: number): readonly string[] {
  const bytes = new TextEncoder().encode(text);
  let escaped = 0;
  for (const byte of bytes) if (byte !== 0x20 && !LITERAL.test(String.fromCharCode(byte))) escaped += 1;
  const lengthAsB = Math.ceil(bytes.length / 3) * 4;
  const encoding = bytes.length + 2 * escaped <= MAX_COST_OF_LEGIBILITY * lengthAsB ? 'Q' : 'B';
  const words: string[] = [];
  let room = roomOf(encoding, Math.min(Math.max(firstLength, MIN_WORD_LENGTH), MAX_WORD_LENGTH));
  let content = '';
  for (const character of text) {
    const piece = encoding === 'Q' ? qOf(character) : bytesOf(character);
    if (content.length + piece.length > room) {
      words.push(wordOf(content, encoding));
      room = roomOf(encoding, MAX_WORD_LENGTH);
      content = '';
    }
    content += piece;
  }
  words.push(wordOf(content, encoding));
  return words;
}

/**
 * The text with its encoded words decoded, all else as it stands. A word of an unknown charset stays as it is; a control
 * character inside a word becomes a space, so that no line break comes out of what was one line.
 */
export function decodeWords(text: string): string {
  // White space between two encoded words is not part of the text (RFC 2047 §6.2).
  const joined = text.replace(/(\?=)[ \t]+(?==\?[^\s?]+\?[BbQq]\?)/g, '$1');
  const segments: (string | { readonly charset: string; readonly bytes: number[] })[] = [];
  let end = 0;
  for (const word of joined.matchAll(ENCODED_WORD)) {
    const between = joined.slice(end, word.index);
    end = word.index + word[0].length;
    if (between !== '') segments.push(between);
    const charset = charsetOf(word[1] ?? '');
    const bytes = /b/i.test(word[2] ?? '') ? fromBase64(word[3] ?? '') : fromQ(word[3] ?? '');
    if (bytes === null || charset.kind === 'utf-7' || (charset.kind === 'undeclared' && !isAscii(word[1]))) {
      segments.push(word[0]);
      continue;
    }
    const name = charset.kind === 'known' ? charset.name : 'windows-1252';
    // Some writers cut a character in two; the halves of one charset are joined before they are decoded.
    const last = segments.at(-1);
    if (typeof last === 'object' && last.charset === name) for (const byte of bytes) last.bytes.push(byte);
    else segments.push({ charset: name, bytes: [...bytes] });
  }
  segments.push(joined.slice(end));
  return segments
    .map((segment) =>
      typeof segment === 'string'
        ? segment
        : decodeAs(segment.charset, Uint8Array.from(segment.bytes)).replace(/\p{Cc}/gu, ' '),
    )
    .join('');
}

/** How many characters of content (Q) or bytes (B) a word of this length holds. */
function roomOf(encoding: 'Q' | 'B', length: number): number {
  return encoding === 'Q' ? length - OVERHEAD : Math.floor((length - OVERHEAD) / 4) * 3;
}

function wordOf(content: string, encoding: 'Q' | 'B'): string {
  return `=?utf-8?${encoding}?${encoding === 'Q' ? content : btoa(content)}?=`;
}

/** The UTF-8 bytes of one character as a binary string, the form `btoa` takes. */
function bytesOf(character: string): string {
  return String.fromCharCode(...new TextEncoder().encode(character));
}

function qOf(character: string): string {
  if (character === ' ') return '_';
  if (LITERAL.test(character)) return character;
  return [...new TextEncoder().encode(character)]
    .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** ASCII is a charset of its own right in a word; in a body it means that nobody thought of one. */
function isAscii(label: string | undefined): boolean {
  return /^(?:us-)?ascii$/i.test(label ?? '');
}

function fromBase64(text: string): readonly number[] | null {
  try {
    return Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}

function fromQ(text: string): readonly number[] {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const hex = /^=([0-9A-Fa-f]{2})/.exec(text.slice(i, i + 3))?.[1];
    if (hex === undefined) bytes.push(text[i] === '_' ? 0x20 : text.charCodeAt(i) & 0xff);
    else {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    }
  }
  return bytes;
}
