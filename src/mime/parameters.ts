import { isPrintableAscii } from './characters.ts';

/** RFC 5322 §2.1.1 asks for 78 with the CRLF left out. */
const LINE_LENGTH = 76;
/** Beyond this an ASCII name is cut into sections: a quoted string must not be folded. */
const MAX_QUOTED_LENGTH = 60;
/** Room for `" filename*99*=utf-8''"` and `";"` on a line. */
const SECTION_LENGTH = LINE_LENGTH - 24;
/** RFC 2231 §7 attribute-char, less `'`, which delimits the charset. */
const LITERAL = /[A-Za-z0-9!#$&+.^_`{|}~-]/;

/**
 * The parameters of `Content-Disposition`, and the `name` of `Content-Type`, for one file name.
 *
 * What a quoted string cannot carry is percent-encoded UTF-8 in numbered sections (RFC 2231 §3, §4). The ASCII fallback
 * then stands in `name` and not in a second `filename` beside it: Python's parser takes whichever of two comes first, or
 * the plain one. And `name` is not an encoded word, which RFC 2047 §5 forbids in a quoted string: readers that know
 * neither would show that in place of a name, and lose the extension.
 */
export function filenameParameters(filename: string): {
  readonly disposition: readonly string[];
  readonly name: string;
} {
  if (isQuotable(filename)) return { disposition: [`filename="${filename}"`], name: `name="${filename}"` };
  const sections = sectionsOf(filename);
  return {
    disposition: sections.map((section, i) => `filename*${i}*=${i === 0 ? "utf-8''" : ''}${section}`),
    name: `name="${asciiName(filename)}"`,
  };
}

/** Parameters behind a value, each on a line of its own where the line would be too long. */
export function withParameters(value: string, parameters: readonly string[]): string {
  let text = value;
  let lineLength = value.length;
  for (const parameter of parameters) {
    const isBreak = lineLength + parameter.length + '; '.length > LINE_LENGTH;
    text += isBreak ? `;\r\n ${parameter}` : `; ${parameter}`;
    lineLength = parameter.length + (isBreak ? 1 : lineLength + '; '.length);
  }
  return text;
}

/** No quote, no escape, nothing that a reader would take for an encoded word, no white space that would be lost. */
function isQuotable(filename: string): boolean {
  return (
    filename.length <= MAX_QUOTED_LENGTH &&
    filename === filename.trim() &&
    isPrintableAscii(filename) &&
    !/["\\]|=\?| {2}/.test(filename)
  );
}

/** Cut between characters: a reader that decodes section by section finds whole ones. */
function sectionsOf(filename: string): readonly string[] {
  const sections = [''];
  for (const character of filename) {
    const piece = LITERAL.test(character) ? character : percentEncoded(character);
    const last = sections.length - 1;
    if ((sections[last] ?? '').length + piece.length > SECTION_LENGTH) sections.push(piece);
    else sections[last] += piece;
  }
  return sections;
}

function percentEncoded(character: string): string {
  return [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

/** Legible as far as it goes, with the extension kept: what opens a file on an old system. */
function asciiName(filename: string): string {
  const plain = filename.replace(/[^\x21-\x7e]+|["\\]|=\?/g, '_');
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(plain)?.[0] ?? '';
  if (plain.length <= MAX_QUOTED_LENGTH) return plain;
  return plain.slice(0, MAX_QUOTED_LENGTH - extension.length) + extension;
}
