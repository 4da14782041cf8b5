import { availableParallelism } from 'node:os';
import { NOT_TOLD } from '../../inbound/authentication-results.ts';
import type { Outcome, ReadSettings } from '../../inbound/read-arrival.ts';
import { type AuthenticateMailOf, READ_LEASE_MS, type ReadMailOf } from '../../inbound/read-claim.ts';
import { Reader, type ReaderParts } from '../../inbound/reader.ts';
import { LARGE_MAIL_BYTES } from '../../mailroom/mail-size.ts';
import type { Authentication } from '../../mailroom/received-records.ts';
import { parseAddress } from '../../net/address.ts';
import { isGlobal } from '../../net/special-purpose.ts';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import { clock } from './host.ts';
import type { ThreadCall, ThreadSetup } from './reading-thread.ts';
import type { SecretKey } from './secret-key.ts';
import { Threads, type ThreadsParts } from './threads.ts';

/** One mail each, so that a mail which takes its thread along takes no other mail along. */
const MOST_THREADS = 4;
/** Threats section 7. */
const HEAP_MEGABYTES = 128;
/** A second of reading, and a minute for a store that is slow. */
const READ_WITHIN_MS = 90_000;
/** So that whoever begins to read still holds the lease when he is through: what waits longer is claimed again. */
const WAIT_MS = READ_LEASE_MS - 2 * READ_WITHIN_MS;

/** They wait for strangers' DNS servers, up to 15 s each: many at once, and nobody waits behind them to be read. */
const AUTHENTICATIONS_AT_ONCE = 16;
const AUTHENTICATE_WITHIN_MS = 30_000;

/** Of each size: as many large ones may wait for strangers' DNS servers while others are read. */
const MAILS_AT_ONCE = MOST_THREADS + AUTHENTICATIONS_AT_ONCE;

const UNCHECKED: Authentication = {
  spf: 'temperror',
  dkim: 'temperror',
  dmarc: 'temperror',
  source: 'checked',
};

const MODULE = new URL('./reading-thread.ts', import.meta.url);

export interface Reading {
  readonly reader: Reader;
  /** After the reader has stopped. */
  close(): Promise<void>;
}

/** Reads what comes in, in threads of its own. */
export function openReading(
  settings: Settings,
  parts: Pick<ReaderParts, 'rooms' | 'finished'> & {
    readonly secretKey: SecretKey;
    readonly publicUrl: string;
    readonly log: Log;
  },
): Reading {
  const { rooms, finished, log } = parts;
  const setup = setupOf(settings, parts);
  const shared = { module: MODULE, heapMegabytes: HEAP_MEGABYTES, waitMs: WAIT_MS, after: clock.after };
  const readers = new Threads<ThreadCall, Outcome>({
    ...shared,
    data: (place) =>
      ({ ...setup, incoming: `incoming-reading-${place}`, givesWay: true }) satisfies ThreadSetup,
    ...threadsFor(availableParallelism()),
    jobsPerThread: 1,
    withinMs: READ_WITHIN_MS,
  });
  const checkers = new Threads<ThreadCall, Authentication>({
    ...shared,
    // It waits for others nearly all the time, and all that it has begun ends with the one that is late.
    data: () => ({ ...setup, incoming: 'incoming-checking', givesWay: false }) satisfies ThreadSetup,
    threads: 1,
    forLarge: 1,
    jobsPerThread: AUTHENTICATIONS_AT_ONCE,
    withinMs: AUTHENTICATE_WITHIN_MS,
  });
  const read: ReadMailOf = async (call, signal) => {
    const isLarge = call.claim.rawSize >= LARGE_MAIL_BYTES;
    const ended = await readers.run({ ...call, task: 'read' }, signal, isLarge);
    switch (ended.kind) {
      case 'answered':
        return ended.answer;
      case 'aborted':
        return { kind: 'withdrawn' };
      case 'late':
        return { kind: 'failed', cause: 'time' };
      case 'died':
        return { kind: 'failed', cause: ended.cause };
    }
  };
  const authenticate: AuthenticateMailOf = async (call, signal) => {
    // Nobody publishes who may send from an address that is no public one: no thread need be started to find that out.
    if (!isPublic(call.claim.peer?.remoteAddress ?? null)) return NOT_TOLD;
    const ended = await checkers.run({ ...call, task: 'authenticate' }, signal);
    return ended.kind === 'answered' ? ended.answer : UNCHECKED;
  };
  const host = { now: clock.now, after: clock.after, log };
  return {
    reader: new Reader({ rooms, finished, read, authenticate, host, atOnce: MAILS_AT_ONCE }),
    async close() {
      await Promise.all([readers.close(), checkers.close()]);
    },
  };
}

/**
 * Large mails at once leave one processor to those who send; one more thread is there for small ones, so that nobody's small mail
 * stands behind a stranger's large one.
 */
export function threadsFor(processors: number): Pick<ThreadsParts, 'threads' | 'forLarge'> {
  const forLarge = Math.min(Math.max(1, processors - 1), MOST_THREADS - 1);
  return { threads: forLarge + 1, forLarge };
}

function isPublic(address: string | null): boolean {
  const read = address === null ? null : parseAddress(address);
  return read !== null && isGlobal(read);
}

function setupOf(
  settings: Settings,
  { secretKey, publicUrl }: { readonly secretKey: SecretKey; readonly publicUrl: string },
): Omit<ThreadSetup, 'incoming' | 'givesWay'> {
  const read: ReadSettings = {
    publicUrl,
    domains: settings.DOMAINS ?? null,
    forwardTo: settings.FORWARD_TO,
    trustedServers: settings.TRUSTED_AUTHSERV_IDS,
  };
  return {
    store: { s3: settings.s3, DATA_DIR: settings.DATA_DIR },
    name: settings.ehloName,
    read,
    returnPathDomain: settings.RETURN_PATH_DOMAIN ?? null,
    keys: {
      returnPaths: secretKey('return paths'),
      downloads: secretKey('download links'),
      loops: secretKey('forwarding loops'),
    },
  };
}
