import { describe, expect, test } from 'vitest';
import { MIGRATIONS, type Migration, migrate, NewerDatabase } from '../../src/mailroom/migrations.ts';
import { openMailroom } from '../../src/mailroom/open.ts';
import type { Sql } from '../../src/mailroom/sql.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import { CONFIG, House } from '../contracts/mailroom/house.ts';
import { accountEvents } from '../contracts/mailroom/webhook-house.ts';

type Shape = { name: string; sql: string };

function shapeOf(sql: Sql): readonly Shape[] {
  const rows = sql.exec<Shape>(
    "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  return rows.map((row) => ({ ...row }));
}

function versionOf(sql: Sql): number | undefined {
  return sql.exec<{ version: number }>('SELECT version FROM schema_version')[0]?.version;
}

function atVersion(version: number): SqliteFile {
  const sql = openSqlite(':memory:');
  migrate({ sql, migrations: MIGRATIONS.slice(0, version) });
  return sql;
}

describe('migrations', () => {
  test.each(MIGRATIONS.map((_, version) => version))(
    'a database of version %i opens with the newest shapes and works',
    (version) => {
      const [old, fresh] = [atVersion(version), atVersion(MIGRATIONS.length)];
      const house = new House(old);
      expect(shapeOf(old)).toEqual(shapeOf(fresh));
      expect(versionOf(old)).toBe(MIGRATIONS.length);
      expect(house.read(house.accepted()).lastEvent).toBe('queued');
    },
  );

  test('the events of an older release are kept, in their order, and are found by the tags of their mail', () => {
    const sql = atVersion(1);
    const head = JSON.stringify({ tags: [{ name: 'kind', value: 'welcome' }] });
    sql.exec(
      `INSERT INTO emails (seq, id, created_at, date, message_id, boundary, sender, from_domain, subject, head)
       VALUES (7, 'mail', 1, 1, '<m@x.example>', 'b', 'a@x.example', 'x.example', 'Hello', ?)`,
      head,
    );
    for (const [seq, id] of [
      [3, 'first'],
      [9, 'second'],
    ] as const) {
      sql.exec(
        `INSERT INTO events (seq, id, type, created_at, email, recipient, attempt, maybe_duplicate)
         VALUES (?, ?, 'email.queued', ?, 7, 'ann@example.org', 0, 0)`,
        seq,
        id,
        seq,
      );
    }
    const house = new House(sql);
    for (const filter of [{}, { tag: { name: 'kind', value: 'welcome' } }]) {
      expect(accountEvents(house, filter)).toMatchObject([
        { id: 'second', emailId: 'mail', createdAt: 9 },
        { id: 'first', emailId: 'mail', createdAt: 3 },
      ]);
    }
  });

  test('opening again changes nothing', () => {
    const sql = atVersion(MIGRATIONS.length);
    const before = shapeOf(sql);
    migrate({ sql });
    expect([shapeOf(sql), versionOf(sql)]).toEqual([before, MIGRATIONS.length]);
  });

  test('each is run once, in order, and what is stored is carried along', () => {
    const sql = openSqlite(':memory:');
    const steps: readonly Migration[] = [
      ['CREATE TABLE notes (text TEXT NOT NULL) STRICT', "INSERT INTO notes VALUES ('kept')"],
      ["ALTER TABLE notes ADD COLUMN mark TEXT NOT NULL DEFAULT 'new'"],
      ["UPDATE notes SET mark = mark || '!'"],
    ];
    migrate({ sql, migrations: steps.slice(0, 1) });
    migrate({ sql, migrations: steps });
    migrate({ sql, migrations: steps });
    expect(sql.exec('SELECT * FROM notes').map((row) => ({ ...row }))).toEqual([
      { text: 'kept', mark: 'new!' },
    ]);
  });

  test('one that fails leaves the database as it was', () => {
    const sql = atVersion(MIGRATIONS.length);
    const before = shapeOf(sql);
    const broken = [...MIGRATIONS, ['CREATE TABLE half (done INTEGER) STRICT', 'NONSENSE']];
    expect(() => migrate({ sql, migrations: broken })).toThrow(/NONSENSE/);
    expect([shapeOf(sql), versionOf(sql)]).toEqual([before, MIGRATIONS.length]);
  });

  test('a database of a newer release is refused and left alone', () => {
    const sql = openSqlite(':memory:');
    migrate({ sql, migrations: [...MIGRATIONS, ['CREATE TABLE tomorrow (x INTEGER) STRICT']] });
    const parts = { sql, config: CONFIG, newId: () => '', random: () => 0 };
    expect(() => openMailroom(parts)).toThrow(NewerDatabase);
    expect(versionOf(sql)).toBe(MIGRATIONS.length + 1);
  });
});
