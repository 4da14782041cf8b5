import type * as z from 'zod';
import type { ApiKey } from '../../schemas/api-key.ts';
import type { LastEvent, SmtpReply as Reply } from '../../schemas/delivery.ts';
import type { Domain, DomainSummary } from '../../schemas/domain.ts';
import type { Email, EmailSummary } from '../../schemas/email.ts';
import type { AccountEvent, EmailEvent } from '../../schemas/event.ts';
import type { Health, RelayHealth as WireRelay } from '../../schemas/health.ts';
import type { Recipient } from '../../schemas/recipient.ts';
import type { SmtpReply } from '../../schemas/smtp.ts';
import type { Suppression } from '../../schemas/suppression.ts';
import type {
  ApiKeyRecord,
  EmailRecord,
  EventRecord,
  GivenMailbox,
  PageOf,
  RecipientRecord,
  SuppressionRecord,
} from '../mailroom/records.ts';
import type { AccountEventRecord } from '../mailroom/webhook-records.ts';
import type { HealthReport, RelayHealth, SenderDomain } from './parts.ts';

/** The one place where what the rooms know becomes what the wire says. Times become text, `camelCase` the contract's spelling. */

type Wire<Schema extends z.ZodType> = z.output<Schema>;

export function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function timeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : time(milliseconds);
}

export function presentPage<Item, Shown>(page: PageOf<Item>, present: (item: Item) => Shown) {
  return { object: 'list' as const, has_more: page.hasMore, data: page.items.map(present) };
}

/** Addresses are echoed as they were given, trimmed. */
function given(mailboxes: readonly GivenMailbox[]): string[] {
  return mailboxes.map((mailbox) => mailbox.given);
}

function givenOrNull(mailboxes: readonly GivenMailbox[] | null): string[] | null {
  return mailboxes === null ? null : given(mailboxes);
}

/**
 * Whom an answer is for. The Rust SDK decodes a closed list of words and drops the whole answer over one it lacks, so it
 * is told `failed` where everybody else is told `suppressed` (contract, section 10).
 */
export type Reader = 'rust' | 'anybody';

export function readerOf(userAgent: string | null): Reader {
  return userAgent?.startsWith('resend-rs/') ? 'rust' : 'anybody';
}

function lastEvent({ lastEvent: word }: Pick<EmailRecord, 'lastEvent'>, reader: Reader): LastEvent {
  return reader === 'rust' && word === 'suppressed' ? 'failed' : word;
}

export function presentEmailSummary(
  email: Omit<EmailRecord, 'content' | 'recipients' | 'attachments'>,
  reader: Reader,
): Wire<typeof EmailSummary> {
  return {
    id: email.id,
    message_id: email.messageId,
    from: email.from.given,
    to: given(email.to),
    cc: givenOrNull(email.cc),
    bcc: givenOrNull(email.bcc),
    reply_to: givenOrNull(email.replyTo),
    subject: email.subject,
    topic_id: null,
    scheduled_at: timeOrNull(email.scheduledAt),
    created_at: time(email.createdAt),
    last_event: lastEvent(email, reader),
  };
}

export function presentEmail(
  email: EmailRecord,
  body: { readonly html: string | null; readonly text: string | null },
  reader: Reader,
): Wire<typeof Email> {
  return {
    object: 'email',
    ...presentEmailSummary(email, reader),
    html: body.html,
    text: body.text,
    ...(email.tags !== null && email.tags.length > 0 && { tags: [...email.tags] }),
    recipients: email.recipients.map(presentRecipient),
  };
}

function presentRecipient(recipient: RecipientRecord): Wire<typeof Recipient> {
  return {
    recipient: recipient.address,
    state: recipientState(recipient),
    attempts: recipient.attempts,
    relay: recipient.relay,
    reason: recipient.reason,
    next_attempt_at: timeOrNull(recipient.dueAt),
    maybe_duplicate: recipient.maybeDuplicate,
    smtp: presentReply(recipient.smtp),
  };
}

function recipientState({ state, feedback, smtp, reason }: RecipientRecord): Wire<typeof Recipient>['state'] {
  if (feedback !== null) return feedback === 'opened' || feedback === 'clicked' ? 'delivered' : feedback;
  switch (state) {
    case 'claimed':
      return 'sending';
    case 'failed':
      // Refused by a reply or given up by age is a bounce; a reason of our own is not.
      return smtp !== null || reason === 'expired' ? 'bounced' : 'failed';
    default:
      return state;
  }
}

function presentReply(smtp: Reply | null): Wire<typeof SmtpReply> | null {
  if (smtp === null) return null;
  const { code, enhancedCode, response, remoteHost, tls } = smtp;
  return { code, enhanced_code: enhancedCode, response, remote_host: remoteHost, tls };
}

export function presentEvent(event: EventRecord): Wire<typeof EmailEvent> {
  const { type, recipient } = event;
  return { ...presentStep(event), type, recipient };
}

export function presentAccountEvent(event: AccountEventRecord): Wire<typeof AccountEvent> {
  const { type, recipient, emailId, webhookId } = event;
  return { ...presentStep(event), type, recipient, email_id: emailId, webhook_id: webhookId };
}

function presentStep(event: Omit<EventRecord, 'type' | 'emailId' | 'recipient'>) {
  return {
    id: event.id,
    created_at: time(event.createdAt),
    attempt: event.attempt,
    relay: event.relay,
    phase: event.phase,
    smtp: presentReply(event.smtp),
    next_attempt_at: timeOrNull(event.nextAttemptAt),
    maybe_duplicate: event.maybeDuplicate,
    reason: event.reason,
  };
}

export function presentApiKey(
  key: ApiKeyRecord,
  domains: readonly SenderDomain[] | null,
): Wire<typeof ApiKey> {
  return {
    id: key.id,
    name: key.name,
    created_at: time(key.createdAt),
    last_used_at: timeOrNull(key.lastUsedAt),
    permission: key.permission,
    // A domain that the operator has taken away since has no id any more; the key stays bound to its name.
    domain_id: domains?.find(({ name }) => name === key.domain)?.id ?? null,
  };
}

export function presentSuppression(entry: SuppressionRecord): Wire<typeof Suppression> {
  return {
    object: 'suppression',
    id: entry.id,
    email: entry.address,
    origin: entry.origin,
    source_id: entry.sourceId,
    created_at: time(entry.createdAt),
    expires_at: timeOrNull(entry.expiresAt),
    note: entry.note,
  };
}

/**
 * A domain of DOMAINS: the operator's word verifies it, and its DNS is his own affair.
 *
 * @param receiving RECEIVING_DOMAINS; null: mail is received for all of them
 */
export function presentDomainSummary(
  domain: SenderDomain,
  receiving: readonly string[] | null,
): Wire<typeof DomainSummary> {
  const isReceiving = receiving === null || receiving.includes(domain.name);
  return {
    id: domain.id,
    name: domain.name,
    status: 'verified',
    created_at: time(domain.createdAt),
    region: 'us-east-1',
    capabilities: { sending: 'enabled', receiving: isReceiving ? 'enabled' : 'disabled' },
    open_tracking: false,
    click_tracking: false,
  };
}

export function presentDomain(
  domain: SenderDomain,
  receiving: readonly string[] | null,
): Wire<typeof Domain> {
  return { object: 'domain', ...presentDomainSummary(domain, receiving), records: [] };
}

export function presentHealth(
  report: HealthReport,
  depth: { readonly queued: number; readonly oldestDueAt: number | null },
): Wire<typeof Health> {
  return {
    status: 'ok',
    relays: report.relays.map(presentRelay),
    queue: { depth: depth.queued, oldest_due_at: timeOrNull(depth.oldestDueAt) },
    storage: { writable: report.storage.writable, free_bytes: report.storage.freeBytes },
  };
}

function presentRelay(relay: RelayHealth): Wire<typeof WireRelay> {
  const { name, state, reason, since, nextProbeAt } = relay;
  return { name, state, reason, since: timeOrNull(since), next_probe_at: timeOrNull(nextProbeAt) };
}
