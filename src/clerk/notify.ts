import type { Host } from '../due/host.ts';
import type { DeliveryAnswer, DeliveryClaim } from '../mailroom/webhook-records.ts';
import type { Egress } from '../net/egress.ts';
import { exchange } from '../net/exchange.ts';
import { failureText } from '../net/failure-text.ts';
import type { Sealer } from '../secrets/sealer.ts';
import { sign } from '../secrets/signature.ts';
import { retryAfterMs } from './retry-after.ts';

/** For everything: the name, the connection, and the answer to its last byte (delivery.md section 12). */
const CALL_WITHIN_MS = 15_000;

/** Read of an answer at most; what is more is cut off, and the connection with it. */
const MAX_ANSWER_BYTES = 65_536;

/** Kept of it, for the owner to look at. */
const KEPT_BYTES = 1_024;

/** Longer than any call, and than what it takes to write what came of it. */
export const NOTIFY_LEASE_MS = 60_000;

export interface NotifyParts {
  readonly egress: Egress;
  readonly sealer: Sealer;
  readonly host: Pick<Host, 'now' | 'log'>;
}

/**
 * Makes one call and says what came of it; writes nothing. Never throws: whatever happens is an answer.
 *
 * @param signal breaks the call off; then it is `withdrawn`, as if it had never been claimed.
 */
export async function notify(
  claim: DeliveryClaim,
  { egress, sealer, host }: NotifyParts,
  signal: AbortSignal,
): Promise<DeliveryAnswer> {
  try {
    const opened = await Promise.all(
      claim.sealedSecrets.map((sealed) => sealer.open(sealed, claim.webhookId)),
    );
    const secrets = opened.filter((secret) => secret !== null);
    if (secrets.length === 0) return unsigned(claim, host);
    const body = new TextEncoder().encode(claim.payload);
    const timestamp = Math.floor(host.now() / 1000);
    const signature = await sign({ id: claim.eventId, timestamp, body, secrets });
    const result = await exchange(egress, {
      purpose: 'webhook',
      method: 'POST',
      url: claim.endpoint,
      headers: { 'content-type': 'application/json', ...signature },
      body,
      withinMs: CALL_WITHIN_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal,
    });
    if (!result.ok) {
      if (result.failure.kind === 'aborted') return { kind: 'withdrawn' };
      return { kind: 'broken', status: result.status ?? 0, response: failureText(result.failure) };
    }
    return {
      kind: 'answered',
      status: result.status,
      response: new TextDecoder().decode(result.bytes.subarray(0, KEPT_BYTES)),
      retryAfterMs: retryAfterMs(result.headers.get('retry-after'), host.now()),
    };
  } catch (cause) {
    host.log({ level: 'error', event: 'webhook_call_crashed', claim: claim.claimId, cause: String(cause) });
    return { kind: 'broken', status: 0, response: 'The call failed for a reason of our own.' };
  }
}

/** Never sent without a signature: a receiver that takes unsigned calls takes anybody's. */
function unsigned(claim: DeliveryClaim, host: NotifyParts['host']): DeliveryAnswer {
  host.log({ level: 'error', event: 'webhook_secret_unreadable', webhook: claim.webhookId });
  return {
    kind: 'broken',
    status: 0,
    response: 'The signing secret cannot be read any more. Rotate it to make a new one.',
  };
}
