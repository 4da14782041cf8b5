import type { ParsedField } from './parsed.ts';

/** What may answer a mail, and what may pass it on (delivery.md section 17). Pure: the caller acts. */

/** Ours on everything that we pass on: a token of the account, which says nothing to others. One line for each hop of ours. */
export const LOOP_HEADER = 'X-Mailwright-Loop';

/** A mail that went through more servers is going in circles (RFC 5321 §6.3 asks for at least 100; people's mail has 5 to 10). */
export const MAX_RECEIVED = 30;
/**
 * How often mail of ours is passed on by instances of ours, whosever accounts they are: two that forward to each other stop
 * here even when one of them loses its token, and so does a chain of accounts.
 */
export const MAX_FORWARDS = 3;

/** Why a mail is not answered, bounced or passed on. */
export type LoopRule =
  | 'null_sender'
  | 'mailer_daemon'
  | 'auto_submitted'
  | 'precedence'
  | 'list'
  | 'auto_response_suppress'
  | 'own_loop_header'
  | 'forwards'
  | 'received';

export interface LoopCall {
  /** Names in lower case, in the order of the mail. */
  readonly fields: readonly ParsedField[];
  /** `''` for the null sender. */
  readonly envelopeFrom: string;
}

/** The rule that forbids to answer or bounce this mail; null when it was written by somebody who wants an answer. */
export function answerForbidden({ fields, envelopeFrom }: LoopCall): LoopRule | null {
  if (envelopeFrom.trim() === '' || envelopeFrom.trim() === '<>') return 'null_sender';
  if (DAEMON.test(envelopeFrom)) return 'mailer_daemon';
  for (const field of fields) {
    const rule = ruleOf(field);
    if (rule !== null) return rule;
  }
  return countOf(fields, 'received') > MAX_RECEIVED ? 'received' : null;
}

/**
 * The rule that forbids to pass this mail on. Automatic mail may be passed on: a bounce that is forwarded keeps its null
 * sender, so nothing answers it.
 *
 * @param token of this account, as it stands in `LOOP_HEADER`
 */
export function forwardForbidden({
  fields,
  token,
}: {
  readonly fields: readonly ParsedField[];
  readonly token: string;
}): LoopRule | null {
  const hops = fields.filter(({ name }) => name === OWN);
  if (hops.some(({ value }) => value.trim() === token)) return 'own_loop_header';
  if (hops.length >= MAX_FORWARDS) return 'forwards';
  return isTooDeep(fields) ? 'received' : null;
}

/** Kept, and nothing more is done with it. */
export function isTooDeep(fields: readonly ParsedField[]): boolean {
  return countOf(fields, 'received') > MAX_RECEIVED;
}

const OWN = LOOP_HEADER.toLowerCase();
const DAEMON =
  /^\s*<?(?:mailer-?daemon|postmaster|(?:no-?reply|owner|listserv|majordomo)(?=[@+-])|[^@]*-(?:request|bounces?|owner)@)/i;

function ruleOf({ name, value }: ParsedField): LoopRule | null {
  switch (name) {
    case 'auto-submitted':
      // RFC 3834 §5: the one keyword for mail that a person wrote; a comment or parameters may follow it.
      return /^no\s*(?:[;(]|$)/i.test(value.trim()) ? null : 'auto_submitted';
    case 'precedence':
      return /^(?:bulk|list|junk|auto_reply)\b/i.test(value.trim()) ? 'precedence' : null;
    case 'x-auto-response-suppress':
      return /^none\s*$/i.test(value.trim()) ? null : 'auto_response_suppress';
    case 'x-autoreply':
    case 'x-autorespond':
      return 'auto_submitted';
    case 'x-loop':
    case OWN:
      return 'own_loop_header';
    case 'return-path':
      return /^<?\s*>?$/.test(value.trim()) ? 'null_sender' : null;
    case 'from':
      return /(?:^|[<\s"])mailer-?daemon@/i.test(value) ? 'mailer_daemon' : null;
    default:
      return name.startsWith('list-') ? 'list' : null;
  }
}

function countOf(fields: readonly ParsedField[], name: string): number {
  return fields.reduce((count, field) => count + (field.name === name ? 1 : 0), 0);
}
