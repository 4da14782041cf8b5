import { messageIdOf, post } from './announce.ts';
import type { Result } from './mailroom.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import { payloadText } from './payload.ts';
import type { Page, PageOf } from './records.ts';
import { notFound, type Refused, refused } from './refusals.ts';
import type { Room } from './room.ts';
import { defaultSample, sampleData } from './sample-data.ts';
import type { SqlValue } from './sql.ts';
import type {
  DeliveryStatus,
  WebhookAttemptRecord,
  WebhookEventRecord,
  WebhookVerbs,
} from './webhook-records.ts';
import { findWebhook, type WebhookRow, webhookRecord } from './webhook-row.ts';

type DeliveryRow = {
  message: number;
  id: string;
  type: WebhookEventRecord['type'];
  created_at: number;
  status: DeliveryStatus;
  due_at: number | null;
  is_full: number;
};

const FROM =
  'FROM webhook_deliveries JOIN webhook_messages ON webhook_messages.seq = webhook_deliveries.message';
const COLUMNS =
  'message, webhook_messages.id, type, webhook_messages.created_at, webhook_deliveries.status, due_at, is_full';

/** What was sent to a webhook or will be, newest first. */
export function webhookEvents(
  { sql }: Room,
  { webhookId, page }: { readonly webhookId: string; readonly page: Page },
): Result<PageOf<WebhookEventRecord>> {
  const row = findWebhook(sql, webhookId);
  if (row === null) return notFound('Webhook');
  const values: SqlValue[] = [row.seq];
  let condition = 'webhook = ?';
  const cursor = page.after ?? page.before;
  if (cursor !== null) {
    const at = findDelivery(sql, { webhook: row, eventId: cursor });
    if (at === null) return unknownCursor(page);
    condition += ` AND message ${page.after === null ? '>' : '<'} ?`;
    values.push(at.message);
  }
  const rows = sql.exec<DeliveryRow>(
    `SELECT ${COLUMNS} ${FROM} WHERE ${condition} ORDER BY message ${isBackward(page) ? 'ASC' : 'DESC'} LIMIT ?`,
    ...values,
    page.limit + 1,
  );
  const { items, hasMore } = pageOf({ rows, page });
  return { ok: true, value: { items: items.map(eventRecord), hasMore } };
}

export function webhookEvent(
  { sql }: Room,
  call: Parameters<WebhookVerbs['webhookEvent']>[0],
): ReturnType<WebhookVerbs['webhookEvent']> {
  const found = findBoth(sql, call);
  if (!found.ok) return found;
  const { delivery } = found.value;
  const [row] = sql.exec<{ payload: string }>(
    `SELECT CASE ? WHEN 1 THEN full_payload ELSE payload END AS payload FROM webhook_messages WHERE seq = ?`,
    delivery.is_full,
    delivery.message,
  );
  return { ok: true, value: { ...eventRecord(delivery), payload: row?.payload ?? '' } };
}

export function replayWebhookEvent(
  { sql }: Room,
  call: Parameters<WebhookVerbs['replayWebhookEvent']>[0],
): Result<{ readonly id: string }> {
  return sql.transaction((): Result<{ readonly id: string }> => {
    const found = findBoth(sql, call);
    if (!found.ok) return found;
    const { webhook, delivery } = found.value;
    if (webhook.status !== 'enabled') return isDisabled();
    if (delivery.due_at !== null) {
      const message =
        'This event is still being delivered. Only one that succeeded or failed can be replayed.';
      return refused({ code: 'validation_error', message });
    }
    sql.exec(
      `UPDATE webhook_deliveries SET status = 'attempting', attempts = 0, due_at = ? WHERE webhook = ? AND message = ?`,
      call.now,
      webhook.seq,
      delivery.message,
    );
    return { ok: true, value: { id: delivery.id } };
  });
}

export function webhookAttempts(
  { sql }: Room,
  { page, ...call }: Parameters<WebhookVerbs['webhookAttempts']>[0],
): Result<PageOf<WebhookAttemptRecord>> {
  const found = findBoth(sql, call);
  if (!found.ok) return found;
  const { webhook, delivery } = found.value;
  const values: SqlValue[] = [webhook.seq, delivery.message];
  let condition = 'webhook = ? AND message = ?';
  const cursor = page.after ?? page.before;
  if (cursor !== null) {
    const [at] = sql.exec<{ seq: number }>(
      `SELECT seq FROM webhook_attempts WHERE ${condition} AND id = ?`,
      ...values,
      cursor,
    );
    if (at === undefined) return unknownCursor(page);
    condition += ` AND seq ${page.after === null ? '>' : '<'} ?`;
    values.push(at.seq);
  }
  const rows = sql.exec<{ id: string; status_code: number; response: string; sent_at: number }>(
    `SELECT id, status_code, response, sent_at FROM webhook_attempts WHERE ${condition}
     ORDER BY seq ${isBackward(page) ? 'ASC' : 'DESC'} LIMIT ?`,
    ...values,
    page.limit + 1,
  );
  const { items, hasMore } = pageOf({ rows, page });
  const records = items.map(({ id, status_code: statusCode, response, sent_at: sentAt }) => ({
    id,
    statusCode,
    response,
    sentAt,
  }));
  return { ok: true, value: { items: records, hasMore } };
}

/** One call like any other, with retries and a place in the lists; it is no event of the account. */
export function testWebhook(
  room: Room,
  { id, type: wanted, now }: Parameters<WebhookVerbs['testWebhook']>[0],
): Result<{ readonly id: string }> {
  return room.sql.transaction((): Result<{ readonly id: string }> => {
    const row = findWebhook(room.sql, id);
    if (row === null) return notFound('Webhook');
    if (row.status !== 'enabled') return isDisabled();
    const type = wanted ?? defaultSample(webhookRecord(row).types);
    const eventId = room.newId();
    const isFull = row.include_body === 1 && type === 'email.received';
    const data = sampleData({ type, id: room.newId(), now, includeBody: isFull });
    const payload = payloadText({ type, createdAt: now, data: { ...data, test: true } });
    // A sample is short enough to be both texts at once.
    const webhooks = [{ seq: row.seq, isFull: false }];
    post(room, { eventId, type, now, payload, fullPayload: null, webhooks });
    return { ok: true, value: { id: messageIdOf(eventId) } };
  });
}

function isDisabled(): Refused {
  const message = 'This webhook is disabled. Enable it first.';
  return refused({ code: 'validation_error', message });
}

function findBoth(
  sql: Room['sql'],
  { webhookId, eventId }: { readonly webhookId: string; readonly eventId: string },
): Result<{ readonly webhook: WebhookRow; readonly delivery: DeliveryRow }> {
  const webhook = findWebhook(sql, webhookId);
  if (webhook === null) return notFound('Webhook');
  const delivery = findDelivery(sql, { webhook, eventId });
  return delivery === null ? notFound('Webhook event') : { ok: true, value: { webhook, delivery } };
}

function findDelivery(
  sql: Room['sql'],
  { webhook, eventId }: { readonly webhook: WebhookRow; readonly eventId: string },
): DeliveryRow | null {
  const [row] = sql.exec<DeliveryRow>(
    `SELECT ${COLUMNS} ${FROM} WHERE webhook = ? AND webhook_messages.id = ?`,
    webhook.seq,
    eventId,
  );
  return row ?? null;
}

function eventRecord(row: DeliveryRow): WebhookEventRecord {
  const { id, type, status, created_at: createdAt, due_at: dueAt } = row;
  return { id, type, createdAt, status, nextAttemptAt: status === 'attempting' ? dueAt : null };
}
