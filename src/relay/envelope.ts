import type { Envelope } from './relay.ts';

// RFC 5321 §4.1.2, and octets over 127 in a local part (RFC 6531). Whatever could end the angle brackets, begin a
// parameter or a new command is outside of both forms.
const DOT_STRING = /^[^\s<>()[\]\\,;:@"\p{Cc}]+$/u;
const QUOTED_STRING = /^"(?:[^"\\<>\p{Cc}]|\\[^<>\p{Cc}])*"$/u;
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const ADDRESS_LITERAL = /^\[[A-Za-z0-9.:-]+\]$/;
/** A mail's id. RFC 3461 §4.4 allows more; nothing else is ever ours. */
const ENVELOPE_ID = /^[0-9a-f-]{1,100}$/;

/**
 * Why this envelope cannot go on the wire exactly as it is stored, or null. A last look before a connection is opened:
 * the library behind us trims addresses, and every change there would be mail to somebody else.
 */
export function envelopeProblem(envelope: Envelope): string | null {
  if (envelope.recipients.length === 0) return 'no recipient';
  if (!Number.isSafeInteger(envelope.size) || envelope.size < 0) return 'size is not a number of bytes';
  if (envelope.reportsAs !== undefined && !ENVELOPE_ID.test(envelope.reportsAs))
    return 'envelope id is not ours';
  if (envelope.sender !== '' && !isWireAddress(envelope.sender)) return 'sender is not an address';
  const wrong = envelope.recipients.findIndex((recipient) => !isWireAddress(recipient));
  if (wrong !== -1) return `recipient ${wrong} is not an address`;
  if (new Set(envelope.recipients).size !== envelope.recipients.length) return 'a recipient is named twice';
  return null;
}

/** RFC 6531 §3.1: an octet over 127 in an address needs SMTPUTF8, be it in the envelope or in the header. */
export function needsSmtputf8(envelope: Envelope): boolean {
  if (envelope.needsSmtpUtf8 === true) return true;
  return [envelope.sender, ...envelope.recipients].some((address) => /[^\p{ASCII}]/u.test(address));
}

function isWireAddress(address: string): boolean {
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(at, 0));
  const domain = address.slice(at + 1);
  return (
    address.isWellFormed() &&
    (DOT_STRING.test(local) || QUOTED_STRING.test(local)) &&
    (DOMAIN.test(domain) || ADDRESS_LITERAL.test(domain))
  );
}
