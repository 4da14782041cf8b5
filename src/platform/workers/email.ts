import { OPERATOR_ACCOUNT } from '../../http/parts.ts';
import type { Env } from './env.ts';
import { workerReceive } from './funnel.ts';
import { workerHost, workerLog } from './host.ts';
import { remoteRoom } from './remote-room.ts';
import type { WorkerSettings } from './settings.ts';
import { workerStore } from './store.ts';

/** The part of the runtime's message that is looked at. */
export interface IncomingEmail {
  /** Of the envelope; `''` for the null sender. */
  readonly from: string;
  readonly to: string;
  readonly raw: ReadableStream<Uint8Array>;
  /** The sending server gets it as a permanent refusal. */
  setReject(reason: string): void;
}

/**
 * Mail by way of Email Routing. What is kept is acknowledged by returning, what is refused for good by `setReject`, and what
 * cannot be kept now by throwing: then the sending server tries again (delivery.md section 13).
 */
export async function receiveEmail(
  { env, settings }: { readonly env: Env; readonly settings: WorkerSettings },
  message: IncomingEmail,
): Promise<void> {
  const accounts = new Set([OPERATOR_ACCOUNT, ...settings.accounts.map(({ name }) => name)]);
  const host = workerHost({ log: workerLog(settings), now: () => Date.now() });
  const receive = workerReceive({
    // Asking a Durable Object by name makes it: a name that is not configured is never asked.
    room: async (name) => (accounts.has(name) ? remoteRoom(env.MAILROOM, name) : null),
    objects: workerStore({ env, settings, host }),
    host,
    settings,
  });
  const received = await receive({
    account: OPERATOR_ACCOUNT,
    source: 'workers',
    envelopeFrom: withoutBrackets(message.from),
    envelopeTo: [message.to],
    // Who connected is known to the platform alone.
    peer: null,
    deliveryId: null,
    raw: message.raw,
  });
  if (received.kind === 'refused') message.setReject(received.message);
  if (received.kind === 'unavailable') throw new Error(received.refusal.message);
}

function withoutBrackets(path: string): string {
  return path.trim().replace(/^<|>$/g, '');
}
