import type { BounceDetail, SmtpReply } from '../../schemas/delivery.ts';

/** How long a reply may be in the one-line message of a bounce. */
const MESSAGE_MAX = 500;

/** What is reported when patience ended: the last reply was not final, so the address is not to blame (settled.md). */
export function expiredBounce(smtp: SmtpReply | null): BounceDetail {
  const message = 'The message could not be delivered within its maximum age.';
  if (smtp === null) return { type: 'Undetermined', subType: 'Undetermined', message, diagnosticCode: [] };
  return {
    type: 'Transient',
    subType: smtp.enhancedCode?.endsWith('.2.2') ? 'MailboxFull' : 'General',
    message: `${message} Last reply: ${smtp.response.slice(0, MESSAGE_MAX)}`,
    diagnosticCode: [`smtp; ${smtp.response}`],
  };
}
