import { hasForbiddenCharacter, isLongerThan } from './characters.ts';
import { extensionOf } from './media-types.ts';

/** Counted like a subject. File systems stop at 255 bytes; what is longer is the recipient's affair, not a reason to refuse. */
const MAX_FILENAME_CHARACTERS = 998;
/** wire-contract.md section 5.1: below 128. */
const MAX_CONTENT_ID_CHARACTERS = 127;
/** RFC 6838 §4.2, for each half. */
const MAX_TYPE_CHARACTERS = 127;
/** Two halves and three parameters, one of which may be a name. */
const MAX_GIVEN_CHARACTERS = 2_000;

/** Turns the reading direction round: `invoice\u202Efdp.exe` is shown as `invoiceexe.pdf`. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** RFC 2045 §5.1. */
const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`{|}~-]+";
const TYPE = new RegExp(`^(${TOKEN})/(${TOKEN})$`);
const PARAMETER = new RegExp(`^(${TOKEN})\\s*=\\s*(?:(${TOKEN})|"((?:[^"\\\\\\r\\n]|\\\\[\\x20-\\x7e])*)")$`);
/** Charset names and iTIP methods (RFC 2978 §2.3, RFC 5546 §1.4) need no more, and so nothing to quote. */
const PLAIN_VALUE = /^[A-Za-z0-9._:+-]{1,64}$/;
/** Visible ASCII but for what ends the brackets, begins a comment or a quoted string, or escapes. */
const CONTENT_ID = /^[!#-'*-;=?-[\]-~]+$/;

/** Reassembled or fetched by the reader: what is scanned on the way is then not what is opened (RFC 2046 §5.2.2, §5.2.3). */
const NOT_A_FILE = new Set(['message/partial', 'message/external-body']);

/** The rule that a file name breaks, as a sentence for the caller, or null. A name is data: quoted or encoded, never a path. */
export function filenameProblem(filename: string): string | null {
  if (hasForbiddenCharacter(filename)) return 'It must not contain line breaks or other control characters.';
  if (BIDI.test(filename)) return 'It must not contain characters that change the direction of text.';
  if (/[/\\]/.test(filename)) return 'It must not contain "/" or "\\".';
  if (isLongerThan(filename, MAX_FILENAME_CHARACTERS))
    return `It must not exceed ${MAX_FILENAME_CHARACTERS} characters.`;
  return null;
}

export type ContentTypeReading =
  | { readonly ok: true; readonly type: string }
  | { readonly ok: false; readonly rule: string };

/**
 * A content type in canonical form: `type/subtype` in lower case, then `charset` and `method` if they were given. A `name`
 * is let through and dropped: the file name is a field of its own.
 */
export function readContentType(given: string): ContentTypeReading {
  if (given.length > MAX_GIVEN_CHARACTERS)
    return refused(`It must not exceed ${MAX_GIVEN_CHARACTERS} characters.`);
  const [kind = '', ...parameters] = cutAtSemicolons(given).filter((piece) => piece.trim() !== '');
  const parts = TYPE.exec(kind.trim());
  if (parts === null || parts.slice(1).some((part) => part.length > MAX_TYPE_CHARACTERS))
    return refused('It must be a media type such as application/pdf.');
  const type = kind.trim().toLowerCase();
  if (type.startsWith('multipart/')) return refused('A multipart type is no type of a file.');
  if (NOT_A_FILE.has(type)) return refused(`${type} is no type of a file.`);
  const kept = new Map<string, string>();
  for (const parameter of parameters) {
    const [, name = '', token, quoted] = PARAMETER.exec(parameter.trim()) ?? [];
    const key = name.toLowerCase();
    if (key === 'name') continue;
    const value = token ?? quoted?.replace(/\\(.)/g, '$1') ?? '';
    if ((key !== 'charset' && key !== 'method') || !PLAIN_VALUE.test(value) || kept.has(key))
      return refused('Only the parameters charset, method and name are allowed, once each.');
    kept.set(key, value);
  }
  return { ok: true, type: [type, ...[...kept].map(([key, value]) => `${key}=${value}`)].join('; ') };
}

/** The rule that a content id without its angle brackets breaks, or null. */
export function contentIdProblem(contentId: string): string | null {
  if (contentId.length > MAX_CONTENT_ID_CHARACTERS)
    return `It must not exceed ${MAX_CONTENT_ID_CHARACTERS} characters.`;
  // An encoded word would be decoded by some readers, and then the html refers to something else.
  if (!CONTENT_ID.test(contentId) || contentId.includes('=?'))
    return 'It must be made of visible ASCII characters without brackets, quotes and backslashes.';
  return null;
}

/** The name of a file that came without one; `place` counts from 1. */
export function fallbackFilename(file: { readonly place: number; readonly contentType: string }): string {
  return `attachment-${file.place}.${extensionOf(file.contentType)}`;
}

/** Not in quoted strings. */
function cutAtSemicolons(text: string): readonly string[] {
  return text.match(/(?:"(?:[^"\\]|\\.)*"|[^;])+/gs) ?? [];
}

function refused(rule: string): { readonly ok: false; readonly rule: string } {
  return { ok: false, rule };
}
