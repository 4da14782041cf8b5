import type { BounceDetail, SmtpReply } from '../../schemas/delivery.ts';

type SubType = BounceDetail['subType'];

/**
 * What a refusal looks like in a bounce event. `type` follows the class that was decided for the recipient, not the
 * first digit of the reply; `subType` follows the enhanced code.
 */
export function bounceOf(smtp: SmtpReply, type: BounceDetail['type']): BounceDetail {
  return {
    type,
    subType: subTypeOf(smtp.enhancedCode, smtp.response),
    message: smtp.response,
    diagnosticCode: [`smtp; ${smtp.response}`],
  };
}

function subTypeOf(enhancedCode: string | null, text: string): SubType {
  if (enhancedCode === null) return 'Undetermined';
  const [, subject = '', detail = ''] = enhancedCode.split('.');
  switch (`${subject}.${detail}`) {
    case '1.1':
      return 'NoEmail';
    case '2.2':
      return 'MailboxFull';
    case '2.3':
    case '3.4':
      return 'MessageTooLarge';
    default:
      return subject === '6' || subject === '7' ? contentSubTypeOf(text) : 'General';
  }
}

/** x.6 and x.7 speak of content only when the text does: most of x.7 is policy about senders. */
function contentSubTypeOf(text: string): SubType {
  if (/attach/i.test(text)) return 'AttachmentRejected';
  const aboutContent =
    /content|spam|virus|malware|phish|body|header|message (?:was )?(?:rejected|refused|blocked)|mime/i;
  return aboutContent.test(text) ? 'ContentRejected' : 'General';
}
