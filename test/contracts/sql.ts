import { describe, expect, test } from 'vitest';
import type { Sql, SqlValue } from '../../src/mailroom/sql.ts';

/** How a driver lends an empty database for one test. In workerd it exists inside a Durable Object only. */
export type LendSql = (work: (sql: Sql) => void) => void | Promise<void>;

/** What every driver of `Sql` promises, on whichever host it lives. */
export function sqlContract(name: string, lend: LendSql): void {
  describe(`Sql over ${name}`, () => {
    const withTable = (work: (sql: Sql) => void): void | Promise<void> =>
      lend((sql) => {
        sql.exec('CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER, t TEXT UNIQUE, b BLOB) STRICT');
        work(sql);
      });
    const count = (sql: Sql): number =>
      sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM things')[0]?.n ?? -1;

    values(withTable);
    limits(withTable);
    transactions(withTable, count);
  });
}

type WithTable = LendSql;

function values(withTable: WithTable): void {
  test('every kind of value comes back as it was bound', () =>
    withTable((sql) => {
      const bytes = new Uint8Array([0, 1, 255]);
      sql.exec(
        'INSERT INTO things (id, n, t, b) VALUES (?, ?, ?, ?)',
        1,
        2 ** 53 - 1,
        '한글 🙂 \u0000 end',
        bytes,
      );
      sql.exec(
        'INSERT INTO things (id, n, t, b) VALUES (?, ?, ?, ?)',
        2,
        -(2 ** 53 - 1),
        '',
        new Uint8Array(),
      );
      sql.exec('INSERT INTO things (id, n, t, b) VALUES (?, ?, ?, ?)', 3, null, null, null);
      expect(sql.exec('SELECT * FROM things ORDER BY id').map((row) => ({ ...row }))).toEqual([
        { id: 1, n: 2 ** 53 - 1, t: '한글 🙂 \u0000 end', b: bytes },
        { id: 2, n: -(2 ** 53 - 1), t: '', b: new Uint8Array() },
        { id: 3, n: null, t: null, b: null },
      ]);
    }));

  test('RETURNING tells what a statement changed, and nothing when it changed nothing', () =>
    withTable((sql) => {
      sql.exec('INSERT INTO things (id, n) VALUES (1, 1), (2, 2)');
      expect(
        sql
          .exec<{ n: SqlValue }>('UPDATE things SET n = n + 1 WHERE id = ? RETURNING n', 2)
          .map((row) => row.n),
      ).toEqual([3]);
      expect(sql.exec('DELETE FROM things WHERE id = ? RETURNING id', 9)).toEqual([]);
    }));

  test('a list travels as one JSON value', () =>
    withTable((sql) => {
      sql.exec('INSERT INTO things (id) VALUES (1), (2), (3)');
      const rows = sql.exec<{ id: number }>(
        'SELECT id FROM things WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id',
        '[3,1,7]',
      );
      expect(rows.map((row) => row.id)).toEqual([1, 3]);
    }));

  test('a statement that breaks a constraint throws and changes nothing', () =>
    withTable((sql) => {
      sql.exec("INSERT INTO things (t) VALUES ('taken')");
      expect(() => sql.exec("INSERT INTO things (t) VALUES ('free'), ('taken')")).toThrow(/UNIQUE/);
      expect(sql.exec<{ t: SqlValue }>('SELECT t FROM things').map((row) => row.t)).toEqual(['taken']);
    }));

  test('the same text may be executed again and again with other values', () =>
    withTable((sql) => {
      for (let id = 1; id <= 50; id++) sql.exec('INSERT INTO things (id, n) VALUES (?, ?)', id, id * 2);
      expect(sql.exec<{ n: number }>('SELECT SUM(n) AS n FROM things')[0]?.n).toBe(2550);
    }));
}

function limits(withTable: WithTable): void {
  test('a hundred values can be bound, and not one more', () =>
    withTable((sql) => {
      const query = (size: number): string =>
        `SELECT ${Array.from({ length: size }, () => '?').join(' + ')} AS n`;
      const ones = (size: number): number[] => Array.from({ length: size }, () => 1);
      expect(sql.exec<{ n: SqlValue }>(query(100), ...ones(100))[0]?.n).toBe(100);
      expect(() => sql.exec(query(101), ...ones(101))).toThrow();
    }));

  test('a value of nearly 2 MB is kept, a larger one is refused', () =>
    withTable((sql) => {
      sql.exec('INSERT INTO things (id, t) VALUES (1, ?)', 'x'.repeat(1_900_000));
      expect(sql.exec<{ n: SqlValue }>('SELECT LENGTH(t) AS n FROM things')[0]?.n).toBe(1_900_000);
      expect(() => sql.exec('INSERT INTO things (id, t) VALUES (2, ?)', 'x'.repeat(2_200_000))).toThrow();
      expect(() => sql.exec('INSERT INTO things (id, t) VALUES (3, ?)', '한'.repeat(750_000))).toThrow();
      expect(() => sql.exec('INSERT INTO things (id, b) VALUES (4, ?)', new Uint8Array(2_200_000))).toThrow();
    }));

  test.each(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT mine', ' begin immediate'])(
    'a hand-written transaction is refused: %s',
    (command) => withTable((sql) => expect(() => sql.exec(command)).toThrow()),
  );
}

function transactions(withTable: WithTable, count: (sql: Sql) => number): void {
  test('a transaction answers what its work answers, and keeps what it wrote', () =>
    withTable((sql) => {
      const answer = sql.transaction(() => {
        sql.exec('INSERT INTO things (id) VALUES (1), (2)');
        return 'done';
      });
      expect([answer, count(sql)]).toEqual(['done', 2]);
    }));

  test('a throw undoes all of a transaction and comes out unchanged', () =>
    withTable((sql) => {
      const surprise = new Error('surprise');
      const work = (): never => {
        sql.exec('INSERT INTO things (id) VALUES (1)');
        throw surprise;
      };
      expect(() => sql.transaction(work)).toThrow(surprise);
      expect(count(sql)).toBe(0);
    }));

  test('a statement that fails and is caught does not undo its transaction', () =>
    withTable((sql) => {
      sql.transaction(() => {
        sql.exec('INSERT INTO things (id) VALUES (1)');
        expect(() => sql.exec('INSERT INTO things (id) VALUES (1)')).toThrow();
        sql.exec('INSERT INTO things (id) VALUES (2)');
      });
      expect(count(sql)).toBe(2);
    }));

  test('transactions do not nest, and one that was refused leaves the outer one whole', () =>
    withTable((sql) => {
      sql.transaction(() => {
        sql.exec('INSERT INTO things (id) VALUES (1)');
        expect(() => sql.transaction(() => count(sql))).toThrow(/nest/);
      });
      expect(sql.transaction(() => count(sql))).toBe(1);
    }));
}
