import { FIRED_TYPES, type FiredType } from '../../schemas/webhook-type.ts';
import { payloadText } from './payload.ts';
import type { Room } from './room.ts';

const FIRED: ReadonlySet<string> = new Set(FIRED_TYPES);

/** Whether an event goes to webhooks at all. `queued` and `canceled` do not: typed clients know no such names. */
export function isFired(type: string): type is FiredType {
  return FIRED.has(type);
}

/**
 * Hands an event to every webhook that asked for its type. Runs inside the transaction of the state that caused it: either
 * both are there or neither.
 *
 * @param data asked for only when somebody wants it.
 */
export function announce(
  room: Room,
  {
    eventId,
    type,
    now,
    data,
  }: {
    readonly eventId: string;
    readonly type: FiredType;
    readonly now: number;
    readonly data: () => Readonly<Record<string, unknown>>;
  },
): void {
  const subscribed = room.sql.exec<{ seq: number }>(
    `SELECT seq FROM webhooks
     WHERE status = 'enabled' AND EXISTS (SELECT 1 FROM json_each(types) WHERE value = ?)`,
    type,
  );
  if (subscribed.length === 0) return;
  const payload = payloadText({ type, createdAt: now, data: data() });
  post(room, { eventId, type, now, payload, webhooks: subscribed.map(({ seq }) => seq) });
}

/** Stores one message and a delivery of it, due now, for each of these webhooks. */
export function post(
  { sql }: Room,
  {
    eventId,
    type,
    now,
    payload,
    webhooks,
  }: {
    readonly eventId: string;
    readonly type: FiredType;
    readonly now: number;
    readonly payload: string;
    /** Their places in the table. */
    readonly webhooks: readonly number[];
  },
): void {
  const [message] = sql.exec<{ seq: number }>(
    'INSERT INTO webhook_messages (id, type, created_at, payload) VALUES (?, ?, ?, ?) RETURNING seq',
    messageIdOf(eventId),
    type,
    now,
    payload,
  );
  if (message === undefined) throw new Error('INSERT … RETURNING gave no row');
  for (const webhook of webhooks) {
    sql.exec(
      `INSERT INTO webhook_deliveries (webhook, message, status, due_at) VALUES (?, ?, 'pending', ?)`,
      webhook,
      message.seq,
      now,
    );
  }
}

/** The id that receivers see and tell repetitions by: the event's own, in the spelling of the contract. */
export function messageIdOf(eventId: string): string {
  return `msg_${eventId.replaceAll('-', '')}`;
}
