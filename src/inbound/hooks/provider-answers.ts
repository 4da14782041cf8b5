import type { ErrorCode } from '../../../schemas/error.ts';
import type { HookSource } from './receive-hook.ts';

/**
 * What is said so that a provider does what is right: stop when a mail is refused for good, and come again, or keep it where its
 * owner sees it, when it is set up wrongly, so that no mail is lost over a setting. Each does something else with a status.
 */
export const PROVIDER_ANSWERS: Readonly<
  Record<HookSource, { readonly refused: ErrorCode; readonly unreadable: ErrorCode }>
> = {
  // Stops at 406 alone; repeats everything else that is not 200 for eight hours.
  mailgun: { refused: 'delivery_refused', unreadable: 'validation_error' },
  // Drops a mail at any 4xx, and tells nobody; repeats 5xx for 72 hours.
  sendgrid: { refused: 'mail_refused', unreadable: 'unavailable' },
  // Stops at 403 alone; repeats everything else for ten hours and a half, then lists it for a retry by hand.
  postmark: { refused: 'mail_refused', unreadable: 'validation_error' },
  // A 4xx ends a delivery and puts it into the dead-letter queue, if there is one; 5xx is repeated for an hour at most.
  ses: { refused: 'mail_refused', unreadable: 'validation_error' },
};
