import { FIRED_TYPES, type FiredType } from '../../schemas/webhook-type.ts';
import { fullPayloadText, payloadText } from './payload.ts';
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
 * @param data asked for only when somebody wants it, and `full` likewise.
 */
export function announce(
  room: Room,
  {
    eventId,
    type,
    now,
    data,
    full,
    only = null,
  }: {
    readonly eventId: string;
    readonly type: FiredType;
    readonly now: number;
    readonly data: () => Readonly<Record<string, unknown>>;
    /** With text and files, for webhooks that asked for it; without it they get what the others get. */
    readonly full?: () => Readonly<Record<string, unknown>>;
    /** Ids of the webhooks that may be told; null: all. */
    readonly only?: readonly string[] | null;
  },
): void {
  const subscribed = room.sql
    .exec<{ seq: number; id: string; include_body: number }>(
      `SELECT seq, id, include_body FROM webhooks
       WHERE status = 'enabled' AND EXISTS (SELECT 1 FROM json_each(types) WHERE value = ?)`,
      type,
    )
    .filter(({ id }) => only === null || only.includes(id));
  if (subscribed.length === 0) return;
  const webhooks = subscribed.map((row) => ({
    seq: row.seq,
    isFull: full !== undefined && row.include_body === 1,
  }));
  const payload = payloadText({ type, createdAt: now, data: data() });
  const fullPayload =
    full !== undefined && webhooks.some(({ isFull }) => isFull)
      ? fullPayloadText({ type, createdAt: now, data: full() })
      : null;
  post(room, { eventId, type, now, payload, fullPayload, webhooks });
}

/** Stores one message and a delivery of it, due now, for each of these webhooks. */
export function post(
  { sql }: Room,
  {
    eventId,
    type,
    now,
    payload,
    fullPayload,
    webhooks,
  }: {
    readonly eventId: string;
    readonly type: FiredType;
    readonly now: number;
    readonly payload: string;
    readonly fullPayload: string | null;
    /** Their places in the table, and which of the two texts each of them gets. */
    readonly webhooks: readonly { readonly seq: number; readonly isFull: boolean }[];
  },
): void {
  const [message] = sql.exec<{ seq: number }>(
    'INSERT INTO webhook_messages (id, type, created_at, payload, full_payload) VALUES (?, ?, ?, ?, ?) RETURNING seq',
    messageIdOf(eventId),
    type,
    now,
    payload,
    fullPayload,
  );
  if (message === undefined) throw new Error('INSERT … RETURNING gave no row');
  for (const { seq, isFull } of webhooks) {
    sql.exec(
      `INSERT INTO webhook_deliveries (webhook, message, status, due_at, is_full) VALUES (?, ?, 'pending', ?, ?)`,
      seq,
      message.seq,
      now,
      isFull ? 1 : 0,
    );
  }
}

/** The id that receivers see and tell repetitions by: the event's own, in the spelling of the contract. */
export function messageIdOf(eventId: string): string {
  return `msg_${eventId.replaceAll('-', '')}`;
}
