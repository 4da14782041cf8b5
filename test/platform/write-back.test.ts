import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import {
  createWriteBackThread,
  WriteBack,
  type WriteBackThread,
} from '../../src/platform/node/write-back.ts';

const MANY_PAGES = 2000;
/** Stored in a group, each about a page. */
const ROWS = 100;

describe('when a log is written back', () => {
  let asked: { readonly end: (isDone: boolean) => void }[];
  let measured: number;
  let pages: number;
  let isBusy: boolean;
  let ring: () => void;
  let writeBack: WriteBack;

  beforeEach(() => {
    [asked, measured, pages, isBusy, ring] = [[], 0, 0, false, () => {}];
    writeBack = new WriteBack({
      run: () => new Promise((end) => asked.push({ end })),
      isBusy: () => isBusy,
      pages: () => {
        measured += 1;
        return pages;
      },
      after: (_ms, work) => {
        ring = work;
        return () => {};
      },
    });
  });

  it('a short log is left alone, and measured only when enough rows were changed', () => {
    pages = MANY_PAGES - 1;
    for (let rows = 0; rows < 1_000; rows += 10) expect(writeBack.between(rows)).toBeNull();
    expect([asked.length, measured]).toEqual([0, 10]);
  });

  it('work goes on while most of it is written back, and rests only while the little is that came meanwhile', async () => {
    pages = MANY_PAGES;
    expect(writeBack.between(0)).toBeNull();
    expect(writeBack.between(5_000)).toBeNull();
    expect(asked.length).toBe(1);
    asked[0]?.end(true);
    await turn();

    const rested = writeBack.between(5_100);
    expect([asked.length, rested === null]).toEqual([2, false]);
    asked[1]?.end(true);
    await rested;
    pages = 0;
    expect(writeBack.between(6_000)).toBeNull();
    expect(asked.length).toBe(2);
  });

  it('a disk that is slow holds nobody up for longer than a while', async () => {
    pages = MANY_PAGES;
    expect(writeBack.between(0)).toBeNull();
    asked[0]?.end(true);
    await turn();
    const rested = writeBack.between(10);
    ring();
    await rested;
    expect(asked.length).toBe(2);
    expect(writeBack.between(20)).toBeNull();
  });

  it('nobody rests while the thread is at another database', async () => {
    pages = MANY_PAGES;
    expect(writeBack.between(0)).toBeNull();
    asked[0]?.end(true);
    await turn();
    isBusy = true;
    expect(writeBack.between(10)).toBeNull();
    isBusy = false;
    expect(writeBack.between(20)).not.toBeNull();
  });

  it('work goes on after a pass that failed, and the next one waits a while', async () => {
    pages = MANY_PAGES;
    expect(writeBack.between(0)).toBeNull();
    asked[0]?.end(false);
    await turn();
    expect(writeBack.between(9_999)).toBeNull();
    expect(asked.length).toBe(1);
    expect(writeBack.between(10_000)).toBeNull();
    expect(asked.length).toBe(2);
  });
});

describe('the thread', () => {
  let folder: string;
  let file: string;
  let thread: WriteBackThread;
  let sql: SqliteFile;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'write-back-'));
    file = join(folder, 'mailroom.db');
    thread = createWriteBackThread();
    sql = openSqlite(file, thread);
    sql.exec('CREATE TABLE things (t TEXT NOT NULL) STRICT');
  });
  afterEach(() => {
    sql.close();
    thread.close();
    rmSync(folder, { recursive: true });
  });

  /** Groups as they are run: each is synced, and the next one waits until it may begin. */
  async function store(count: number): Promise<number> {
    let rests = 0;
    for (let at = 0; at < count; at += 1) {
      sql.group(() => {
        for (let row = 0; row < ROWS; row += 1)
          sql.exec('INSERT INTO things (t) VALUES (?)', 'x'.repeat(4_000));
      });
      await sql.synced();
      const rested = sql.rested();
      if (rested !== null) rests += 1;
      await rested;
      // As between two requests: what the thread has to say is heard.
      await turn();
    }
    return rests;
  }

  it('keeps the log short, and what is stored is in the database, also for the next that opens it', async () => {
    let [count, rests] = [0, 0];
    while (rests < 2 && count < 400) {
      rests += await store(10);
      count += 10;
    }
    expect(rests).toBe(2);
    // Begun anew at least once: all that was written would be longer.
    expect(statSync(`${file}-wal`).size).toBeLessThan(count * ROWS * 4_096);
    expect(statSync(file).size).toBeGreaterThan(MANY_PAGES * 4_096);
    sql.close();
    sql = openSqlite(file);
    expect(sql.exec('SELECT COUNT(*) AS n FROM things')).toEqual([{ n: count * ROWS }]);
  });

  it('says that it failed where there is no database, and makes none', async () => {
    const missing = join(folder, 'missing.db');
    expect(await thread.run(missing)).toBe(false);
    expect(existsSync(missing)).toBe(false);
    expect(await thread.run(file)).toBe(true);
  });

  it('is not waited for once it is closed', async () => {
    thread.close();
    expect(await thread.run(file)).toBe(false);
    expect(thread.isBusy).toBe(false);
  });
});
