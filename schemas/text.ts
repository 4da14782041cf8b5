const encoder = new TextEncoder();

/** A UTF-16 code unit is at most three bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

/** A tab is harmless folding space; every other C0 control, and DEL, could end a header line or hide one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS = /[\0-\x08\x0A-\x1F\x7F]/;

export const CLEAN_TEXT_RULE = 'Line breaks and other control characters are not allowed.';

/** True for text that may stand in a header: no control characters, no half of a surrogate pair. */
export function isCleanText(text: string): boolean {
  return !CONTROLS.test(text) && text.isWellFormed();
}

/** Counts code points, as people and JSON Schema do, but only when the length leaves a doubt. */
export function hasAtMostCharacters(text: string, limit: number): boolean {
  if (text.length <= limit) return true;
  return text.length <= 2 * limit && [...text].length <= limit;
}

/** Counts bytes of UTF-8, encoding only when the length leaves a doubt. */
export function hasAtMostBytes(text: string, limit: number): boolean {
  if (text.length * BYTES_PER_UNIT <= limit) return true;
  return text.length <= limit && encoder.encode(text).length <= limit;
}
