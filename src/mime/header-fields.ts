import { type ParsedMailbox, parseAddress } from './address.ts';
import { hasForbiddenCharacter, isPrintableAscii } from './characters.ts';
import { isFoldable } from './header-block.ts';

/** Contract section 3. Counted as written: name, colon, space, value in UTF-8, CRLF. */
export const MAX_HEADERS_BYTES = 16 * 1024;
/** A name cannot be folded; with this length it leaves the value its place in a line of 998. */
const MAX_NAME_LENGTH = 76;
/** RFC 2045 §5.1 token: what RFC 5322 §3.6.8 allows in a name, without the characters that some reader gives a meaning. */
const NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
/** RFC 5322 §3.6.4 msg-id, in the form that the contract promises: visible ASCII, one `@`, no bracket inside. */
const MESSAGE_ID = /^<[^\s<>@"(),:;[\]\\]+@[^\s<>@"(),:;\\]+>$/;
const MAX_MESSAGE_ID_LENGTH = 900;

/** Fields that we write, that a relay or receiver writes, or that would speak for another sender (contract 3, threats 1). */
const OWNED = new Set(
  'from to cc bcc subject date mime-version received return-path dkim-signature sender authentication-results resend-idempotency-key'.split(
    ' ',
  ),
);
const OWNED_PREFIXES = ['content-', 'resent-', 'arc-', 'x-mailwright-'];

/** Why one field is refused: where it stands, and the rule as a sentence. */
export interface FieldRefusal {
  readonly field: string;
  readonly rule: string;
}

export type HeaderReading =
  | {
      readonly ok: true;
      /** In the order given, without the two that became values of the message. */
      readonly headers: readonly (readonly [name: string, value: string])[];
      readonly messageId: string | null;
      /** From a `Reply-To` header, which is allowed only without `reply_to`. */
      readonly replyTo: ParsedMailbox | null;
    }
  | { readonly ok: false; readonly refusal: FieldRefusal };

/** Holds a caller's custom headers against the policy. Only white space between identifiers is written as a space. */
export function readHeaderFields(call: {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly hasReplyTo: boolean;
}): HeaderReading {
  const seen = new Set<string>();
  const headers: [string, string][] = [];
  let messageId: string | null = null;
  let replyTo: ParsedMailbox | null = null;
  let total = 0;
  for (const [name, given] of call.headers) {
    const lower = name.toLowerCase();
    const refuse = (rule: string): HeaderReading => refusalOf(name, rule);
    total += new TextEncoder().encode(name + given).length + ': \r\n'.length;
    if (total > MAX_HEADERS_BYTES)
      return { ok: false, refusal: { field: 'headers', rule: 'Headers must not exceed 16 KiB in total.' } };
    const problem = nameProblem(name) ?? valueProblem(lower, given);
    if (problem !== null) return refuse(problem);
    if (seen.has(lower)) return refuse('The header is given more than once.');
    seen.add(lower);
    const value = isForPrograms(lower) ? spaced(given) : given;
    if (lower === 'message-id') {
      if (!isMessageId(value)) return refuse('A Message-ID has the form `<left@right>`.');
      messageId = value;
    } else if (lower === 'reply-to') {
      if (call.hasReplyTo) return refuse('`Reply-To` is allowed only when `reply_to` is absent.');
      const reading = parseAddress(value);
      if (!reading.ok)
        return refuse(
          'It needs one address in the `email@example.com` or `Name <email@example.com>` format.',
        );
      replyTo = reading.mailbox;
    } else headers.push([name, value]);
  }
  return { ok: true, headers, messageId, replyTo };
}

/** `<left@right>`, as the contract has it. */
export function isMessageId(text: string): boolean {
  return (
    text.length <= MAX_MESSAGE_ID_LENGTH &&
    isPrintableAscii(text) &&
    !text.includes('=?') &&
    MESSAGE_ID.test(text)
  );
}

function nameProblem(name: string): string | null {
  if (!NAME.test(name)) return 'A header name is made of letters, digits and hyphens.';
  if (name.length > MAX_NAME_LENGTH) return `A header name must not exceed ${MAX_NAME_LENGTH} characters.`;
  const lower = name.toLowerCase();
  if (OWNED.has(lower) || OWNED_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return 'This header is written by the service and cannot be set.';
  return null;
}

function valueProblem(lower: string, given: string): string | null {
  if (hasForbiddenCharacter(given)) return 'It must not contain line breaks or other control characters.';
  if (!isForPrograms(lower)) return null;
  // Inside these an encoded word is not decoded: what cannot stand as it is cannot be sent.
  const value = spaced(given);
  if (!isPrintableAscii(value) || value.includes('=?'))
    return 'It must be printable ASCII without encoded words.';
  if (!isFoldable(value)) return 'It holds a word too long for a line of 998 characters.';
  return null;
}

/** Fields whose value is a list of identifiers or URLs, read by programs. */
function isForPrograms(lower: string): boolean {
  return ['message-id', 'in-reply-to', 'references'].includes(lower) || lower.startsWith('list-');
}

function spaced(value: string): string {
  return value.trim().replaceAll('\t', ' ');
}

function refusalOf(name: string, rule: string): HeaderReading {
  // A name is echoed in the path only when it can be one; else it could carry anything into an error or a log.
  return { ok: false, refusal: { field: NAME.test(name) ? `headers.${name}` : 'headers', rule } };
}
