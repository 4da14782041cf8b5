import type { BounceDetail, EventType, SmtpReply } from '../../schemas/delivery.ts';
import type { EventMail } from './event-mail.ts';

/** One step of one recipient, as a webhook tells it. */
export interface Happening {
  readonly type: EventType;
  readonly recipient: string;
  readonly relay: string | null;
  readonly maybeDuplicate: boolean;
  readonly smtp: SmtpReply | null;
  readonly reason: string | null;
  readonly bounce: BounceDetail | null;
  /** A soft bounce like too many before it. */
  readonly review: boolean;
}

/** `data` of an outbound event (wire-contract.md §12.1): the contract's keys, then ours about the one recipient. */
export function emailData({
  mail,
  happening,
}: {
  readonly mail: EventMail;
  readonly happening: Happening;
}): Readonly<Record<string, unknown>> {
  const { recipient, relay, smtp, maybeDuplicate } = happening;
  return {
    email_id: mail.id,
    message_id: mail.messageId,
    created_at: new Date(mail.createdAt).toISOString(),
    from: mail.from.given,
    to: mail.to.map(({ given }) => given),
    subject: mail.subject,
    // From entries: a tag may be called `__proto__`, and is a tag like any other.
    ...(mail.tags === null || mail.tags.length === 0
      ? {}
      : { tags: Object.fromEntries(mail.tags.map(({ name, value }) => [name, value])) }),
    ...(mail.headers.length === 0 ? {} : { headers: mail.headers.map(([name, value]) => ({ name, value })) }),
    ...detailOf(happening),
    recipient,
    ...(relay === null ? {} : { relay }),
    ...(smtp === null ? {} : { smtp: presentReply(smtp) }),
    ...(maybeDuplicate ? { maybe_duplicate: true } : {}),
  };
}

function detailOf({ type, reason, bounce, review }: Happening): object {
  switch (type) {
    case 'email.bounced':
      return { ...(bounce === null ? {} : { bounce }), ...(review ? { review: true } : {}) };
    case 'email.failed':
      return { failed: { reason: reason ?? 'unknown' } };
    case 'email.suppressed':
      return { suppressed: suppressedDetail(reason) };
    default:
      return {};
  }
}

function suppressedDetail(reason: string | null): object {
  const message = 'The address is on the suppression list of the account.';
  const listed = { type: 'OnAccountSuppressionList', message, diagnosticCode: [] };
  switch (reason) {
    case 'previous_bounce':
    case 'previous_complaint':
      return { ...listed, reason };
    case 'suppressed':
      // A simulated address; it stands for one that has bounced before.
      return { ...listed, type: 'Suppressed', reason: 'previous_bounce' };
    default:
      // Listed by hand. The contract knows two reasons, and a third would be one that some clients cannot read.
      return listed;
  }
}

function presentReply(smtp: SmtpReply): object {
  const { code, enhancedCode, response, remoteHost, tls } = smtp;
  return { code, enhanced_code: enhancedCode, response, remote_host: remoteHost, tls };
}
