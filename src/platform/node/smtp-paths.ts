import type { SMTPServerAddress, SMTPServerSession } from 'smtp-server';
import { replyError } from './smtp-replies.ts';

/** RFC 6531 §3.4: bytes over 0x7F in a local part need SMTPUTF8, asked for with MAIL. A host name never has them. */
export function pathProblem(
  { address }: SMTPServerAddress,
  { hostNameAppearsAs }: SMTPServerSession,
  mail: SMTPServerAddress | false,
): Error | null {
  const isAsked = mail !== false && mail.args !== false && 'SMTPUTF8' in mail.args;
  // The library shows domains in their Unicode form, however they were written.
  const isPlain = isAscii(address.slice(0, Math.max(0, address.lastIndexOf('@')))) || isAsked;
  // Bytes that are no UTF-8.
  const isText = !address.includes('\ufffd');
  return isPlain && isText && isAscii(hostNameAppearsAs) ? null : replyError(501, '5.5.2 Bytes over 0x7F');
}

/** `postmaster` without a domain is a recipient that every server takes mail for (RFC 5321 §4.5.1). */
export function recipientOf({ address }: SMTPServerAddress, postmasterDomain: string): string {
  return /^postmaster$/i.test(address) ? `postmaster@${postmasterDomain}` : address;
}

function isAscii(text: string | false): boolean {
  return text === false || /^\p{ASCII}*$/u.test(text);
}
