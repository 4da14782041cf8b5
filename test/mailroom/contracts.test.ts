import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '../../src/platform/node/sqlite.ts';
import { mailroomContract } from '../contracts/mailroom.ts';
import { type LendSql, sqlContract } from '../contracts/sql.ts';

const inMemory: LendSql = (work) => {
  const sql = openSqlite(':memory:');
  try {
    work(sql);
  } finally {
    sql.close();
  }
};

const inFile: LendSql = (work) => {
  const folder = mkdtempSync(join(tmpdir(), 'mailroom-'));
  const sql = openSqlite(join(folder, 'mailroom.db'));
  try {
    work(sql);
  } finally {
    sql.close();
    rmSync(folder, { recursive: true });
  }
};

/** As the host runs it: every transaction of the room is a savepoint of a larger one. */
const inGroup: LendSql = (work) => {
  const sql = openSqlite(':memory:');
  try {
    sql.group(() => work(sql));
  } finally {
    sql.close();
  }
};

sqlContract('node:sqlite in memory', inMemory);
sqlContract('node:sqlite in a file', inFile);
sqlContract('node:sqlite within a group', inGroup);
mailroomContract('node:sqlite in memory', inMemory);
mailroomContract('node:sqlite within a group', inGroup);
