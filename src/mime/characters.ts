/**
 * What may stand in a line of a header: subjects, display names, header values. Pure predicates, so that the door can
 * refuse with the path of the field; nothing here repairs (what is stored, checked and sent is one string).
 */

/** RFC 5322 §2.1.1: no line is longer, CRLF not counted. The contract counts a subject by the same number, in characters. */
export const MAX_LINE_BYTES = 998;
export const MAX_SUBJECT_CHARACTERS = 998;

// C0 but tab, and DEL. CR and LF would end the field (header injection); NUL ends strings in receivers written in C;
// the rest has no way into a header (RFC 5322 §2.2) and no meaning in one.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** True for text that no header can carry: C0 controls but tab, DEL, or half a surrogate pair. */
export function hasForbiddenCharacter(text: string): boolean {
  return CONTROL.test(text) || !text.isWellFormed();
}

/** Characters as a person counts code points, not UTF-16 units. */
export function isLongerThan(text: string, characters: number): boolean {
  if (text.length <= characters) return false;
  let count = 0;
  for (const _ of text) {
    count += 1;
    if (count > characters) return true;
  }
  return false;
}

/** The rule that a subject breaks, as a sentence for the caller, or null. */
export function subjectProblem(subject: string): string | null {
  if (hasForbiddenCharacter(subject)) return 'It must not contain line breaks or other control characters.';
  if (isLongerThan(subject, MAX_SUBJECT_CHARACTERS))
    return `It must not exceed ${MAX_SUBJECT_CHARACTERS} characters.`;
  return null;
}

/** Visible ASCII and space only: what a header carries as it is (RFC 5322 §2.2). */
export function isPrintableAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
