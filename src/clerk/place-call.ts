import type { Host } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { DeliveryClaim } from '../mailroom/webhook-records.ts';
import { type NotifyParts, notify } from './notify.ts';
import { writeUntilLeaseEnds } from './settle.ts';

/** One call that was claimed from a room, and goes back there. */
export interface WebhookCall {
  readonly account: string;
  readonly room: Pick<Async<Mailroom>, 'settleDelivery'>;
  readonly claim: DeliveryClaim;
}

export interface PlaceCallParts extends Omit<NotifyParts, 'host'> {
  readonly host: Host;
  /** Breaks the call off: then it is as if it had never been claimed. */
  readonly signal: AbortSignal;
  /** Aborted when there is no time left to wait for a room that cannot be written to. */
  readonly hurry: AbortSignal;
  /** Told as soon as the outcome is on its way to the room, before it is there. */
  readonly writing?: () => void;
}

/** One webhook call to the end: made, settled, told in the log. */
export async function placeCall(call: WebhookCall, parts: PlaceCallParts): Promise<void> {
  const { account, room, claim } = call;
  const { host, hurry, signal, writing } = parts;
  const sentAt = host.now();
  const answer = await notify(claim, parts, signal);
  const { claimId, leaseUntil } = claim;
  const settled = await writeUntilLeaseEnds(
    {
      id: claimId,
      leaseUntil,
      write: () => {
        const written = room.settleDelivery({ claimId, now: host.now(), sentAt, answer });
        writing?.();
        return written;
      },
    },
    { host, hurry, troubled: () => {} },
  );
  const written = settled === 'lost' ? 'lost' : settled.kind;
  const isWell = answer.kind === 'answered' && answer.status < 300;
  host.log({
    level: isWell && written === 'settled' ? 'debug' : 'info',
    event: 'webhook_call',
    account,
    webhook: claim.webhookId,
    message: claim.eventId,
    attempt: claim.attempt,
    outcome: answer.kind,
    status: answer.kind === 'withdrawn' ? null : answer.status,
    milliseconds: host.now() - sentAt,
    written,
  });
  if (settled === 'lost' || settled.kind === 'stale' || settled.disabled === null) return;
  const reason = settled.disabled;
  host.log({ level: 'warn', event: 'webhook_disabled', account, webhook: claim.webhookId, reason });
}
