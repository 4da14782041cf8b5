import { constants, getPriority, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { NOT_TOLD } from '../../inbound/authentication-results.ts';
import { createLoopTokens } from '../../inbound/loop-token.ts';
import { type ArrivalCall, type ReadSettings, readArrival } from '../../inbound/read-arrival.ts';
import type { Authentication } from '../../mailroom/received-records.ts';
import { createReturnPaths } from '../../mime/return-path.ts';
import type { Settings } from '../../operator/settings.ts';
import { createTickets } from '../../secrets/ticket.ts';
import { createAuthenticationCheck } from './authentication.ts';
import { sha256Hasher } from './hasher.ts';
import { clock } from './host.ts';
import { newId, randomBytes } from './ids.ts';
import { openObjects } from './objects.ts';

/** What a thread is told when it begins: no more than it needs. */
export interface ThreadSetup {
  readonly store: Pick<Settings, 's3' | 'DATA_DIR'>;
  /** Where its half written objects are: nobody else's. */
  readonly incoming: string;
  /** Whether others go before it where processors are few. */
  readonly givesWay: boolean;
  readonly name: string;
  readonly read: ReadSettings;
  readonly returnPathDomain: string | null;
  readonly keys: {
    readonly returnPaths: Uint8Array<ArrayBuffer>;
    readonly downloads: Uint8Array<ArrayBuffer>;
    readonly loops: Uint8Array<ArrayBuffer>;
  };
}

export type ThreadCall = ArrivalCall & { readonly task: 'read' | 'authenticate' };

/**
 * The thread in which the mail of strangers is read (threats section 7, row 9): its heap is bounded, and when it runs out of
 * it or of time, the thread ends, and the process does not notice.
 */
async function serve(setup: ThreadSetup): Promise<void> {
  if (setup.givesWay) giveWay();
  const { read, returnPathDomain, keys, store, name, incoming } = setup;
  const objects = await openObjects(store, () => {}, incoming);
  const check = createAuthenticationCheck({ name, after: clock.after });
  const parts = {
    objects,
    host: { now: clock.now, after: clock.after, hasher: sha256Hasher },
    newId,
    randomBytes,
    returnPaths:
      returnPathDomain === null
        ? null
        : createReturnPaths({ key: keys.returnPaths, domain: returnPathDomain }),
    loopToken: createLoopTokens(async () => keys.loops),
    tickets: createTickets(async () => keys.downloads),
    settings: read,
  };
  const authenticate = async ({ claim }: ArrivalCall): Promise<Authentication> => {
    const found = await objects.get(claim.rawKey).catch(() => null);
    if (found === null) return NOT_TOLD;
    return check({ peer: claim.peer, envelopeFrom: claim.envelopeFrom ?? '', raw: found.body });
  };
  parentPort?.on('message', ({ id, call }: { readonly id: number; readonly call: ThreadCall }) => {
    const answered = call.task === 'read' ? readArrival(call, parts) : authenticate(call);
    void answered.then((answer) => parentPort?.postMessage({ id, answer }));
  });
}

await serve(workerData as ThreadSetup);

/** Whoever accepts goes first. Linux alone gives each thread a priority of its own (setpriority(2), Bugs), and takes 0 for the one that asks. */
function giveWay(): void {
  if (process.platform !== 'linux') return;
  const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
  try {
    // Below whatever the process itself was started with.
    setPriority(0, Math.min(getPriority(0) + PRIORITY_BELOW_NORMAL, PRIORITY_LOW));
  } catch {
    // Forbidden (a filter of system calls): then mail is read as eagerly as it is accepted.
  }
}
