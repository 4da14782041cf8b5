import { DurableObject } from 'cloudflare:workers';
import { createLoopTokens } from '../../inbound/loop-token.ts';
import { type ArrivalCall, type ReadParts, readArrival } from '../../inbound/read-arrival.ts';
import { readClaim } from '../../inbound/read-claim.ts';
import { deriveKey } from '../../secrets/derive.ts';
import { createTickets } from '../../secrets/ticket.ts';
import type { Env } from './env.ts';
import { workerId, workerReturnPaths } from './funnel.ts';
import { workerHost, workerLog } from './host.ts';
import { remoteRoom } from './remote-room.ts';
import { settingsOf } from './settings.ts';
import { workerStore } from './store.ts';

/** An object has 128 MB and a mail needs a part of a bucket and its text; objects of one class may share an isolate. */
const READERS = 4;

/** One of the objects that read the mail of an account. The same mail goes to the same one. */
export function readerObject(
  readers: Env['READER'],
  { account, id }: { readonly account: string; readonly id: string },
): DurableObjectStub<Reader> {
  return readers.getByName(nameOf(account, Number.parseInt(id.slice(-2), 16) % READERS));
}

/** All that read for an account. */
export function readerObjects(readers: Env['READER'], account: string): readonly DurableObjectStub<Reader>[] {
  return Array.from({ length: READERS }, (_, nth) => readers.getByName(nameOf(account, nth)));
}

function nameOf(account: string, nth: number): string {
  return `${account}/${nth}`;
}

/** Reads a mail and tells the room what came of it. Nothing is kept here: what a reading is about comes with the claim. */
export class Reader extends DurableObject<Env> {
  /** Milliseconds since 1970 UTC. A test tells another time. */
  clock = (): number => Date.now();
  #atWork = 0;
  readonly #parts: Omit<ReadParts, 'host'> & { readonly host: ReturnType<typeof workerHost> };

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const settings = settingsOf(env);
    const { SECRET_KEY: secret } = settings;
    const host = workerHost({ log: workerLog(settings), now: () => this.clock() });
    this.#parts = {
      objects: workerStore({ env, settings, host }),
      host,
      newId: workerId,
      randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
      returnPaths: workerReturnPaths(settings),
      loopToken: createLoopTokens(() => deriveKey({ secret, purpose: 'forwarding loops' })),
      tickets: createTickets(() => deriveKey({ secret, purpose: 'download links' })),
      settings: {
        publicUrl: settings.PUBLIC_URL,
        domains: settings.DOMAINS ?? null,
        forwardTo: settings.FORWARD_TO,
        trustedServers: settings.TRUSTED_AUTHSERV_IDS,
      },
    };
  }

  /** Reads one claimed mail to its end. The call from the room stays open that long: it keeps this object in memory. */
  async read({ account, claim }: ArrivalCall): Promise<void> {
    // Never aborted: this host gives no signal before it stops.
    const { signal } = new AbortController();
    const room = remoteRoom(this.env.MAILROOM, account);
    const read = (call: ArrivalCall) => readArrival(call, this.#parts);
    this.#atWork += 1;
    try {
      await readClaim({ account, claim, room }, { read, host: this.#parts.host, signal, hurry: signal });
    } finally {
      this.#atWork -= 1;
    }
  }

  /** Whether something is being read here. */
  isReading(): boolean {
    return this.#atWork > 0;
  }
}
