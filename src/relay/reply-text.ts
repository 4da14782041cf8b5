/** Bytes of a reply that are kept. A server may send a megabyte; nobody reads it, and it would be stored per recipient. */
export const REPLY_TEXT_BYTES = 2048;

// C0, DEL and C1 controls, line and paragraph separators, and the marks that turn the reading direction: a terminal, a
// log or a page that shows a reply must not obey it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Reply text as data: dangerous characters written as `\u{7}`, cut at 2 KB of UTF-8 between characters. */
export function escapeReplyText(text: string): string {
  // Cut before escaping too, so that a megabyte is not escaped in order to be thrown away.
  const escaped = text
    .slice(0, REPLY_TEXT_BYTES)
    .toWellFormed()
    .replace(UNSAFE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
  return cutUtf8(escaped, REPLY_TEXT_BYTES);
}

function cutUtf8(text: string, limit: number): string {
  // At most three bytes for each UTF-16 unit.
  if (text.length * 3 <= limit) return text;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= limit) return text;
  let end = limit;
  // 10xxxxxx continues a character: step back to where the last one that fits begins.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
