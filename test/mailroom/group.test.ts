import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Accepted, Async, Mailroom } from '../../src/mailroom/mailroom.ts';
import type { NewEmail } from '../../src/mailroom/records.ts';
import { groupCommit } from '../../src/platform/node/group.ts';
import { SqlLimit } from '../../src/platform/node/sql-limits.ts';
import { openSqlite, type SqliteFile, StorageLost } from '../../src/platform/node/sqlite.ts';
import { House, OPERATOR } from '../contracts/mailroom/house.ts';

let folder: string;
let file: string;
let sql: SqliteFile;
let house: House;
let room: Async<Mailroom>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'group-'));
  file = join(folder, 'mailroom.db');
  sql = openSqlite(file);
  house = new House(sql);
  room = groupCommit({ sql, room: house.room });
});

afterEach(() => {
  sql.close();
  rmSync(folder, { recursive: true });
});

function accept(email: NewEmail, on = room): Promise<Accepted> {
  const items = [{ kind: 'email', email }] as const;
  return on.accept({ door: OPERATOR, mode: 'single', items, now: house.now });
}

/** What another process would see: only what is committed. */
function committed(): number {
  const other = openSqlite(file);
  try {
    return other.exec<{ n: number }>('SELECT COUNT(*) AS n FROM emails')[0]?.n ?? -1;
  } finally {
    other.close();
  }
}

const walBytes = (): number => statSync(`${file}-wal`).size;

/** The file with a count of its groups, and a place to break their commit. */
function watched(): { file: SqliteFile; groups: () => number; failWith: (error: Error) => void } {
  let groups = 0;
  let failure: Error | null = null;
  const watching: SqliteFile = {
    exec: (query, ...bindings) => sql.exec(query, ...bindings),
    transaction: (work) => sql.transaction(work),
    close: () => sql.close(),
    synced: () => sql.synced(),
    rested: () => sql.rested(),
    group: (work) => {
      groups += 1;
      return sql.group(() => {
        const result = work();
        if (failure !== null) throw failure;
        return result;
      });
    },
  };
  const failWith = (error: Error): void => {
    failure = error;
  };
  return { file: watching, groups: () => groups, failWith };
}

describe('group commit', () => {
  test('verbs called in the same turn share one commit, and each gets its own answer', async () => {
    const { file: watching, groups } = watched();
    const shared = groupCommit({ sql: watching, room: house.room });
    const emails = Array.from({ length: 20 }, () => house.email());
    const answers = await Promise.all(emails.map((email) => accept(email, shared)));
    expect(groups()).toBe(1);
    expect(answers.map((answer) => answer.kind === 'accepted' && answer.answer.body)).toEqual(
      emails.map(({ id }) => JSON.stringify({ id })),
    );
  });

  test('requests that get to their verb a few promises later, in the same turn, join as well', async () => {
    const { file: watching, groups } = watched();
    const shared = groupCommit({ sql: watching, room: house.room });
    const later = async (hops: number): Promise<Accepted> => {
      for (let hop = 0; hop < hops; hop++) await null;
      return accept(house.email(), shared);
    };
    await Promise.all([later(0), later(1), later(20)]);
    expect(groups()).toBe(1);
  });

  test('a promise resolves only when its mail is committed', async () => {
    const before = accept(house.email()).then(() => committed());
    expect(committed()).toBe(0);
    expect(await before).toBe(1);
  });

  test('one that is alone commits at once, without waiting for company', async () => {
    const { file: watching, groups } = watched();
    const alone = groupCommit({ sql: watching, room: house.room });
    for (let times = 1; times <= 3; times++) {
      await accept(house.email(), alone);
      expect([groups(), committed()]).toEqual([times, times]);
    }
  });

  test('a verb that throws undoes its own work alone', async () => {
    const [one, twice, other] = [house.email(), house.email(), house.email()];
    const items = [twice, twice].map((email) => ({ kind: 'email', email }) as const);
    const results = await Promise.allSettled([
      accept(one),
      room.accept({ door: OPERATOR, mode: 'strict', items, now: house.now }),
      accept(other),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(
      await Promise.all([one, twice, other].map(async ({ id }) => (await room.email({ id })) !== null)),
    ).toEqual([true, false, true]);
    expect(committed()).toBe(2);
  });

  test('a verb sees what those before it in the group have written', async () => {
    const email = house.email();
    const [, read, canceled] = await Promise.all([
      accept(email),
      room.email({ id: email.id }),
      room.cancel({ id: email.id, now: house.now }),
    ]);
    expect(read?.id).toBe(email.id);
    expect(canceled.ok).toBe(false);
  });

  test('when the commit fails every promise of the group rejects, and nothing of it stays', async () => {
    const { file: watching, failWith } = watched();
    const broken = groupCommit({ sql: watching, room: house.room });
    const lost = new StorageLost('no space to sync');
    failWith(lost);
    const results = await Promise.allSettled([accept(house.email(), broken), accept(house.email(), broken)]);
    expect(results).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
    ]);
    expect(committed()).toBe(0);
  });

  test('a verb that finds the storage lost takes its whole group with it', async () => {
    const lost = new StorageLost('no space to sync');
    const failing: Mailroom = {
      ...house.room,
      depth: () => {
        throw lost;
      },
    };
    const doomed = groupCommit({ sql, room: failing });
    const results = await Promise.allSettled([
      accept(house.email(), doomed),
      doomed.depth({ now: house.now }),
    ]);
    expect(results).toEqual([
      { status: 'rejected', reason: lost },
      { status: 'rejected', reason: lost },
    ]);
    expect(committed()).toBe(0);
  });

  /** The file with a disk that is done when it is told to be. */
  function slowDisk(): { file: SqliteFile; done: () => void; fail: (cause: Error) => void } {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let waits = true;
    const synced = (): Promise<void> | null => {
      const first = waits;
      waits = false;
      return first ? promise : sql.synced();
    };
    const file: SqliteFile = {
      exec: (query, ...bindings) => sql.exec(query, ...bindings),
      transaction: (work) => sql.transaction(work),
      group: (work) => sql.group(work),
      close: () => sql.close(),
      synced,
      rested: () => sql.rested(),
    };
    return { file, done: resolve, fail: reject };
  }

  test('who has asked is answered before the groups rest, and who asks meanwhile joins the next one', async () => {
    const { promise, resolve: wellRested } = Promise.withResolvers<void>();
    const rests: (Promise<void> | null)[] = [promise];
    const { file: watching, groups } = watched();
    const resting = groupCommit({
      sql: { ...watching, rested: () => rests.shift() ?? null },
      room: house.room,
    });
    await accept(house.email(), resting);

    const later = [accept(house.email(), resting), resting.nextDue({ now: house.now })];
    for (let turn = 0; turn < 5; turn += 1) await immediate();
    expect([groups(), committed()]).toEqual([1, 1]);
    wellRested();
    await Promise.all(later);
    expect([groups(), committed()]).toEqual([2, 2]);
  });

  test('what is committed but not on the disk yet is answered to nobody, neither who wrote nor who would read it', async () => {
    const { file: slow, done } = slowDisk();
    const waiting = groupCommit({ sql: slow, room: house.room });
    const email = house.email();
    const order: string[] = [];
    const written = accept(email, waiting).then(() => order.push('written'));
    while (committed() === 0) await immediate();
    const read = waiting.email({ id: email.id }).then((found) => order.push(`read ${found?.id}`));
    for (let turn = 0; turn < 5; turn += 1) await immediate();
    expect(order).toEqual([]);
    done();
    await Promise.all([written, read]);
    expect(order).toEqual(['written', `read ${email.id}`]);
  });

  test('verbs that are called while a group is on its way to the disk share the next one', async () => {
    const { file: slow, done } = slowDisk();
    let groups = 0;
    const counted: SqliteFile = {
      ...slow,
      group: (work) => {
        groups += 1;
        return slow.group(work);
      },
    };
    const waiting = groupCommit({ sql: counted, room: house.room });
    const first = accept(house.email(), waiting);
    while (committed() === 0) await immediate();
    const others: Promise<Accepted>[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      others.push(accept(house.email(), waiting));
      await immediate();
    }
    done();
    await Promise.all([first, ...others]);
    expect([groups, committed()]).toEqual([2, 6]);
  });

  test('when the disk does not take a group, every promise of it rejects, and the next group is tried', async () => {
    const { file: slow, fail } = slowDisk();
    const broken = groupCommit({ sql: slow, room: house.room });
    const lost = new StorageLost('the disk is gone');
    const results = Promise.allSettled([accept(house.email(), broken), broken.depth({ now: house.now })]);
    while (committed() === 0) await immediate();
    fail(lost);
    const rejected = { status: 'rejected', reason: lost };
    expect(await results).toEqual([rejected, rejected]);
    expect((await accept(house.email(), broken)).kind).toBe('accepted');
  });

  test('a group that only reads writes nothing', async () => {
    const email = house.email();
    await accept(email);
    const before = walBytes();
    await Promise.all([
      room.email({ id: email.id }),
      room.emails({ page: { limit: 5, after: null, before: null } }),
      room.nextDue({ now: house.now }),
      room.admit({ door: OPERATOR, now: house.now }),
      room.claim({ now: 0, relay: 'first', unbound: true, insteadOf: [], limit: 1, leaseMs: 1 }),
    ]);
    expect(walBytes()).toBe(before);
    await accept(house.email());
    expect(walBytes()).toBeGreaterThan(before);
  });

  test('more than one group may hold come through in order, in several', async () => {
    const { file: watching, groups } = watched();
    const busy = groupCommit({ sql: watching, room: house.room });
    const order: string[] = [];
    const emails = Array.from({ length: 600 }, () => house.email());
    await Promise.all(emails.map((email) => accept(email, busy).then(() => order.push(email.id))));
    expect(order).toEqual(emails.map(({ id }) => id));
    expect(groups()).toBe(3);
  });

  test('a verb called in answer to another joins a later group', async () => {
    const email = house.email();
    const read = accept(email).then(() => room.email({ id: email.id }));
    expect((await read)?.lastEvent).toBe('queued');
  });
});

describe('a database file', () => {
  test('is in WAL mode and syncs every commit', () => {
    expect(sql.exec<{ journal_mode: string }>('PRAGMA journal_mode')[0]?.journal_mode).toBe('wal');
    expect(sql.exec<{ synchronous: number }>('PRAGMA synchronous')[0]?.synchronous).toBe(2);
  });

  test('a group is on the disk only when it is said to be, and then there is nothing to wait for', async () => {
    expect(sql.synced()).not.toBeNull();
    await sql.synced();
    expect(sql.synced()).toBeNull();
    sql.group(() => sql.transaction(() => sql.exec('CREATE TABLE t (n INTEGER) STRICT')));
    sql.group(() => sql.exec('INSERT INTO t VALUES (1)'));
    const synced = sql.synced();
    expect(synced).not.toBeNull();
    await synced;
    sql.group(() => sql.exec('SELECT n FROM t'));
    expect(sql.synced()).toBeNull();
  });

  test('a transaction outside of a group, and whatever comes after a group, is synced by its commit', () => {
    sql.group(() => sql.exec('SELECT 1'));
    expect(() =>
      sql.group(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(sql.exec<{ synchronous: number }>('PRAGMA synchronous')[0]?.synchronous).toBe(2);
  });

  test('a group holds many transactions and is one; a second group inside is refused', () => {
    sql.exec('CREATE TABLE t (n INTEGER) STRICT');
    expect(() =>
      sql.group(() => {
        sql.transaction(() => sql.exec('INSERT INTO t VALUES (1)'));
        sql.transaction(() => sql.exec('INSERT INTO t VALUES (2)'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(sql.exec('SELECT n FROM t')).toEqual([]);
    sql.group(() => {
      expect(() => sql.group(() => 1)).toThrow(SqlLimit);
      sql.transaction(() => sql.exec('INSERT INTO t VALUES (3)'));
    });
    expect(sql.exec<{ n: number }>('SELECT n FROM t').map(({ n }) => n)).toEqual([3]);
  });

  test('what is damaged is reported as lost storage, a broken constraint is not', () => {
    sql.exec('CREATE TABLE t (n INTEGER UNIQUE) STRICT');
    sql.exec('INSERT INTO t VALUES (1)');
    const insert = (): unknown => sql.exec('INSERT INTO t VALUES (1)');
    expect(insert).toThrow(/UNIQUE/);
    expect(insert).not.toThrow(StorageLost);
    const damaged = join(folder, 'damaged.db');
    sql.exec('VACUUM INTO ?', damaged);
    const bytes = readFileSync(damaged);
    writeFileSync(damaged, bytes.fill(0xff, 4096));
    expect(() => openSqlite(damaged).exec('SELECT n FROM t')).toThrow(StorageLost);
  });

  test('a process that can write no more stops, and everything it answered is there afterwards', () => {
    const script = join(import.meta.dirname, 'fill-storage.ts');
    const path = join(folder, 'full.db');
    // 2 MiB a file at most, by the shell's count in KiB; the signal that comes with it is ignored, so that writing fails.
    const command = `trap '' XFSZ; ulimit -f 2048; exec '${process.execPath}' '${script}' '${path}'`;
    const { stdout, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 20_000 });
    const answered = stdout.trim().split('\n');
    expect(status).toBe(74);
    expect(answered.length).toBeGreaterThan(10);
    const { room: again } = new House(openSqlite(path));
    expect(answered.filter((id) => again.email({ id }) === null)).toEqual([]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'a number that would not survive is refused: %d',
    (n) => {
      sql.exec('CREATE TABLE t (n INTEGER) STRICT');
      expect(() => sql.exec('INSERT INTO t VALUES (?)', n)).toThrow(SqlLimit);
    },
  );
});
