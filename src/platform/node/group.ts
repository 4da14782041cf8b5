import type { Async, Mailroom } from '../../mailroom/mailroom.ts';
import { type SqliteFile, StorageLost } from './sqlite.ts';

/** Calls that share one commit at most: a commit is paid by all of them, but so is the wait for the last one. */
const MAX_GROUP = 256;

interface Waiting {
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Settled = { readonly waiting: Waiting } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: unknown }
);

/**
 * A room whose verbs share commits.
 *
 * One sync costs the same, whether it holds one verb or fifty. Verbs called in the same turn of the event loop, or while the
 * group before them is on its way to the disk, join one transaction, each a savepoint of its own; their promises resolve
 * when it is committed and synced, so that what was answered is durable. Nobody waits for company: a verb that is alone
 * commits at the end of its own turn. A group that only read writes nothing and costs no sync. When the commit or the
 * sync fails, every promise of the group rejects.
 */
export function groupCommit({
  sql,
  room,
}: {
  readonly sql: SqliteFile;
  readonly room: Mailroom;
}): Async<Mailroom> {
  const queue: Waiting[] = [];
  /**
   * While one group waits for the disk the next one gathers: whoever has read must not know what may not last. So it does now and
   * then while the log is written back.
   */
  let isHeld = false;

  function flush(): void {
    const group = queue.splice(0, MAX_GROUP);
    let settled: readonly Settled[];
    let synced: Promise<void> | null;
    try {
      settled = sql.group(() => group.map(settle));
      synced = sql.synced();
    } catch (reason) {
      end(() => reject(group, reason));
      return;
    }
    if (synced === null) {
      end(() => tell(settled));
      return;
    }
    isHeld = true;
    synced.then(
      () => end(() => tell(settled)),
      (reason: unknown) => end(() => reject(group, reason)),
    );
  }

  function end(answer: () => void): void {
    answer();
    const rested = sql.rested();
    if (rested === null) goOn();
    else {
      isHeld = true;
      void rested.then(goOn, goOn);
    }
  }

  function goOn(): void {
    isHeld = false;
    if (queue.length > 0) setImmediate(flush);
  }

  function join(run: () => unknown): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    // After the poll phase: by then every request that came in this turn has called its verb.
    if (queue.length === 0 && !isHeld) setImmediate(flush);
    queue.push({ run, resolve, reject });
    return promise;
  }

  const verbs = Object.entries(room).map(([name, verb]: [string, (call: never) => unknown]) => [
    name,
    (call: never) => join(() => verb(call)),
  ]);
  return Object.fromEntries(verbs) as Async<Mailroom>;
}

function tell(settled: readonly Settled[]): void {
  for (const result of settled) {
    if (result.ok) result.waiting.resolve(result.value);
    else result.waiting.reject(result.reason);
  }
}

function reject(group: readonly Waiting[], reason: unknown): void {
  for (const waiting of group) waiting.reject(reason);
}

/** A verb that throws has rolled back its own savepoint; the others are not concerned, unless the storage is lost. */
function settle(waiting: Waiting): Settled {
  try {
    return { waiting, ok: true, value: waiting.run() };
  } catch (reason) {
    if (reason instanceof StorageLost) throw reason;
    return { waiting, ok: false, reason };
  }
}
