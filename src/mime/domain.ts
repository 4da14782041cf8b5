import punycode from 'punycode/punycode.js';

/** RFC 1035 §2.3.4: a name of 255 octets on the wire is 253 characters as text. */
const MAX_DOMAIN_LENGTH = 253;
/** Text this long cannot become a valid name; it is not given to the URL parser, whose cost is not ours to promise. */
const MAX_GIVEN_LENGTH = 1_000;
/** RFC 5321 §4.1.2 sub-domain; RFC 1035 §2.3.4: 63 octets. */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** WHATWG URL "ends in a number": such a name would be read as an IPv4 address, and no top-level domain is one. */
const NUMBER = /^(?:[0-9]+|0x[0-9a-f]*)$/;
/** All that may be in a host name. The rest of ASCII is kept from the URL parser, for which `/`, `@`, `%` have a meaning. */
const HOST_CHARACTERS = /^[a-z0-9.\-\u{80}-\u{10ffff}]+$/u;
/** The blocks whose characters run from right to left, unassigned ones included. */
const RIGHT_TO_LEFT = String.raw`[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]`;
const HAS_RIGHT_TO_LEFT = new RegExp(RIGHT_TO_LEFT, 'u');
const BEGINS_RIGHT_TO_LEFT = new RegExp(`^${RIGHT_TO_LEFT}`, 'u');
/** A label that keeps its place beside right-to-left ones (RFC 5893 §2, rules 1 and 6), told by letters and digits alone. */
const LEFT_TO_RIGHT = /^[\p{Ll}\p{Lo}](?:.*[\p{Ll}\p{Lo}0-9]\p{M}*)?$/u;

/**
 * The one spelling under which a domain is stored, checked and put on the wire: A-labels in lower case (RFC 5890), or null
 * when the text is no domain that mail can be sent to.
 *
 * Both hosts parse host names after UTS-46 in `URL`, so no table is carried here. UTS-46 also maps: a circled letter, an
 * ideographic full stop, a soft hyphen all become something else. Mail to such a spelling is mail to a place that the
 * reader did not see, so a name is taken only when lower case and NFC is all that the mapping changed.
 */
export function canonicalDomain(given: string): string | null {
  if (given.length > MAX_GIVEN_LENGTH) return null;
  const lower = lowered(given);
  if (!HOST_CHARACTERS.test(lower)) return null;
  const labels = lower.split('.');
  if (labels.length < 2 || NUMBER.test(labels.at(-1) ?? '')) return null;
  if (!/[^\x21-\x7e]|xn--/.test(lower)) return isHostName(lower) ? lower : null;
  const ascii = toAscii(lower);
  if (ascii === null || !isHostName(ascii)) return null;
  const shown = toUnicode(ascii);
  if (shown === null || toAscii(shown) !== ascii || !isReadable(shown)) return null;
  // Labels given as A-labels are compared as such, the others as the text that the A-label stands for.
  const asciiLabels = ascii.split('.');
  const shownLabels = shown.split('.');
  const isFaithful = labels.every(
    (label, i) => label === (label.startsWith('xn--') ? asciiLabels[i] : shownLabels[i]),
  );
  return isFaithful && labels.length === asciiLabels.length ? ascii : null;
}

function lowered(given: string): string {
  if (/^[\x21-\x7e]*$/.test(given)) return given.toLowerCase();
  // Character by character: `toLowerCase` of a word writes a final sigma, UTS-46 never does.
  return Array.from(given, (character) => character.toLowerCase())
    .join('')
    .normalize('NFC');
}

/** Every label letters, digits and inner hyphens; `--` in third place is kept for A-labels (RFC 5891 §4.2.3.1). */
function isHostName(ascii: string): boolean {
  return (
    ascii.length <= MAX_DOMAIN_LENGTH &&
    ascii
      .split('.')
      .every((label) => LABEL.test(label) && (label.slice(2, 4) !== '--' || label.startsWith('xn--')))
  );
}

/**
 * What the URL parser leaves unchecked in U-labels: hyphens at their ends (UTS-46 §4.1 V3), and labels that would trade
 * places with a right-to-left neighbour when shown. Stricter than RFC 5893 on signs, which have no place in a domain.
 */
function isReadable(shown: string): boolean {
  const isBidirectional = HAS_RIGHT_TO_LEFT.test(shown);
  return shown.split('.').every((label) => {
    if (/^-|-$/.test(label)) return false;
    if (!isBidirectional) return true;
    return (HAS_RIGHT_TO_LEFT.test(label) ? BEGINS_RIGHT_TO_LEFT : LEFT_TO_RIGHT).test(label);
  });
}

function toAscii(domain: string): string | null {
  return URL.canParse(`http://${domain}/`) ? new URL(`http://${domain}/`).hostname : null;
}

function toUnicode(ascii: string): string | null {
  try {
    return ascii
      .split('.')
      .map((label) => (label.startsWith('xn--') ? punycode.decode(label.slice(4)) : label))
      .join('.');
  } catch {
    return null; // RangeError: the label decodes to nothing
  }
}
