import { type NotifyStep, notifyStep, stillFailing } from './notify-step.ts';
import type { Room } from './room.ts';
import type { DeliveryAnswer, DeliverySettled, DisabledReason, WebhookVerbs } from './webhook-records.ts';
import { callOff, type WebhookRow } from './webhook-row.ts';
import { disable } from './webhooks.ts';

/** Kept of an answer (delivery.md §12): 1 KB at most, in whatever script. */
const MAX_RESPONSE_BYTES = 1_024;

type Held = {
  webhook: number;
  message: number;
  status: NotifyStep['status'];
  attempts: number;
};

/** Writes what a call came to: its line in the log, what follows, and how its webhook stands. All or nothing. */
export function settleDelivery(
  room: Room,
  { claimId, now, sentAt, answer }: Parameters<WebhookVerbs['settleDelivery']>[0],
): DeliverySettled {
  return room.sql.transaction((): DeliverySettled => {
    const held = heldBy(room, claimId);
    if (held === null) return { kind: 'stale' };
    const step = notifyStep({ answer, before: held, now, random: room.random() });
    logAttempt(room, { held, answer, sentAt });
    room.sql.exec(
      `UPDATE webhook_deliveries SET status = ?, attempts = ?, due_at = ?, lease_until = NULL, claim_id = NULL
       WHERE webhook = ? AND message = ?`,
      step.status,
      step.attempts,
      step.dueAt,
      held.webhook,
      held.message,
    );
    const { isEnabled, disabled } = judgeWebhook(room, { held, step, now });
    if (isEnabled || step.dueAt === null) return { kind: 'settled', status: step.status, disabled };
    // By this call, or while it was under way.
    callOff(room.sql);
    return { kind: 'settled', status: 'failed', disabled };
  });
}

/** A claim's id begins with its row's key; it names the row as long as this claim holds it. */
function heldBy({ sql }: Room, claimId: string): Held | null {
  const [webhook, message] = claimId.split('.').map(Number);
  if (!Number.isSafeInteger(webhook) || !Number.isSafeInteger(message)) return null;
  const [row] = sql.exec<Held>(
    'SELECT webhook, message, status, attempts FROM webhook_deliveries WHERE webhook = ? AND message = ? AND claim_id = ?',
    webhook ?? 0,
    message ?? 0,
    claimId,
  );
  return row ?? null;
}

function logAttempt(
  { sql, newId }: Room,
  { held, answer, sentAt }: { readonly held: Held; readonly answer: DeliveryAnswer; readonly sentAt: number },
): void {
  if (answer.kind === 'withdrawn') return;
  sql.exec(
    'INSERT INTO webhook_attempts (id, webhook, message, status_code, response, sent_at) VALUES (?, ?, ?, ?, ?, ?)',
    newId(),
    held.webhook,
    held.message,
    answer.status,
    startOf(answer.response),
    sentAt,
  );
}

/** Cut by bytes, at the end of a character; NUL, which not every reader of a database survives, is shown as unreadable. */
function startOf(text: string): string {
  const bytes = new TextEncoder().encode(text.replaceAll('\0', '\uFFFD'));
  if (bytes.length <= MAX_RESPONSE_BYTES) return new TextDecoder().decode(bytes);
  const start = new TextDecoder().decode(bytes.subarray(0, MAX_RESPONSE_BYTES));
  return start.replace(/\uFFFD$/, '');
}

interface Judged {
  readonly isEnabled: boolean;
  /** Why this call disabled the webhook, or null. */
  readonly disabled: DisabledReason | null;
}

function judgeWebhook(
  room: Room,
  { held, step, now }: { readonly held: Held; readonly step: NotifyStep; readonly now: number },
): Judged {
  const [row] = room.sql.exec<WebhookRow>(
    `SELECT * FROM webhooks WHERE seq = ? AND status = 'enabled'`,
    held.webhook,
  );
  if (row === undefined) return { isEnabled: false, disabled: null };
  switch (step.webhook) {
    case 'silent':
      return { isEnabled: true, disabled: null };
    case 'well':
      if (row.failing_since !== null) noteFailing(room, { row, since: null, at: null });
      return { isEnabled: true, disabled: null };
    case 'gone':
      return disableItself(room, { row, reason: 'gone', now });
    case 'failed': {
      const standing = { failingSince: row.failing_since, failedAt: row.failed_at };
      const { since, isTooLong } = stillFailing(standing, now);
      if (isTooLong) return disableItself(room, { row, reason: 'failing', now });
      noteFailing(room, { row, since, at: now });
      return { isEnabled: true, disabled: null };
    }
  }
}

function noteFailing(
  { sql }: Room,
  { row, since, at }: { readonly row: WebhookRow; readonly since: number | null; readonly at: number | null },
): void {
  sql.exec('UPDATE webhooks SET failing_since = ?, failed_at = ? WHERE seq = ?', since, at, row.seq);
}

/** Not by its owner's wish, so its owner is told: an event of the account. */
function disableItself(
  room: Room,
  { row, reason, now }: { readonly row: WebhookRow; readonly reason: DisabledReason; readonly now: number },
): Judged {
  disable(room, { row, reason, now });
  room.sql.exec(
    `INSERT INTO events (id, type, created_at, attempt, maybe_duplicate, reason, webhook)
     VALUES (?, 'webhook.disabled', ?, 0, 0, ?, ?)`,
    room.newId(),
    now,
    reason,
    row.id,
  );
  return { isEnabled: false, disabled: reason };
}
