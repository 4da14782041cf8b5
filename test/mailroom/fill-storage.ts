import { writeSync } from 'node:fs';
import { groupCommit } from '../../src/platform/node/group.ts';
import { openSqlite, StorageLost } from '../../src/platform/node/sqlite.ts';
import { House, OPERATOR } from '../contracts/mailroom/house.ts';

/** EX_IOERR of sysexits.h: what the parent of this process looks for. */
const EXIT_STORAGE_LOST = 74;

// Accepts mail until the storage gives out, printing each id once it was answered.
const sql = openSqlite(process.argv[2] ?? '');
const house = new House(sql);
const room = groupCommit({ sql, room: house.room });

try {
  for (;;) {
    const email = house.email(undefined, { subject: 'x'.repeat(10_000) });
    const items = [{ kind: 'email', email }] as const;
    await room.accept({ door: OPERATOR, mode: 'single', items, now: house.now });
    writeSync(1, `${email.id}\n`);
  }
} catch (error) {
  if (!(error instanceof StorageLost)) throw error;
  process.exit(EXIT_STORAGE_LOST);
}
