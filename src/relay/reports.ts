import type { Envelope } from './relay.ts';

/** What is asked of a relay that sends delivery reports (RFC 3461), in the client library's words. */
export interface ReportWishes {
  readonly ret: 'HDRS';
  readonly envid: string;
  readonly notify: readonly ['SUCCESS', 'FAILURE', 'DELAY'];
  /** With its address type; absent where one word for several recipients would be wrong. */
  readonly orcpt?: string;
}

/**
 * Every outcome is asked for, and of the mail its header alone: it came from us. Null for an envelope whose sender is not
 * a return path of ours, for its reports go to somebody else.
 */
export function reportWishes({ reportsAs, recipients }: Envelope): ReportWishes | null {
  if (reportsAs === undefined) return null;
  const [recipient, ...others] = recipients;
  const wishes = { ret: 'HDRS', envid: reportsAs, notify: ['SUCCESS', 'FAILURE', 'DELAY'] } as const;
  return recipient === undefined || others.length > 0
    ? wishes
    : { ...wishes, orcpt: originalRecipient(recipient) };
}

/**
 * The address with its type. One with characters beyond ASCII has the type `utf-8` and its own escapes (RFC 6533 §3), which
 * the library's xtext leaves as they are; the library makes xtext of the others.
 */
function originalRecipient(address: string): string {
  if (/^\p{ASCII}*$/u.test(address)) return `rfc822;${address}`;
  return `utf-8;${[...address].map(embedded).join('')}`;
}

function embedded(character: string): string {
  if (/[!-~]/.test(character) && !/[+=\\]/.test(character)) return character;
  const point = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `\\x{${point.padStart(2, '0')}}`;
}
