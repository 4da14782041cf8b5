import type { BounceDetail } from '../../schemas/delivery.ts';
import type { Permanence, Reason, ReasonFamily } from './report-reason.ts';

const MAX_MESSAGE = 500;

interface Judged {
  readonly reason: Reason;
  readonly family: ReasonFamily;
  readonly permanence: Permanence;
  readonly hard: boolean;
  readonly diagnostic: string;
}

/** What such a failure looks like in `email.bounced` (wire-contract.md section 12.1). */
export function bounceOf(judged: Judged): BounceDetail {
  const { diagnostic } = judged;
  return {
    type: typeOf(judged),
    subType: subTypeOf(judged),
    message: diagnostic === '' ? 'The message was not delivered.' : diagnostic.slice(0, MAX_MESSAGE),
    diagnosticCode: diagnostic === '' ? [] : [`smtp; ${diagnostic}`],
  };
}

/** A full mailbox and the way there are for now, whatever the digit (delivery.md section 7). */
function typeOf({ reason, family, permanence, hard }: Judged): BounceDetail['type'] {
  if (hard) return 'Permanent';
  if (permanence === 'temporary' || family === 'transport' || reason === 'mailbox_full') return 'Transient';
  return reason === 'undefined' ? 'Undetermined' : 'Permanent';
}

function subTypeOf({ reason, diagnostic }: Judged): BounceDetail['subType'] {
  switch (reason) {
    case 'user_unknown':
      return 'NoEmail';
    case 'mailbox_full':
      return 'MailboxFull';
    case 'too_large':
      return 'MessageTooLarge';
    case 'content':
    case 'virus':
    case 'spam':
      return /attach/i.test(diagnostic) ? 'AttachmentRejected' : 'ContentRejected';
    case 'undefined':
      return 'Undetermined';
    default:
      return 'General';
  }
}
