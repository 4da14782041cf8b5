import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Rooms } from '../../clerk/rooms.ts';
import { isAccountName } from '../../mailroom/key-format.ts';
import type { Async, Mailroom, MailroomConfig } from '../../mailroom/mailroom.ts';
import { NewerDatabase } from '../../mailroom/migrations.ts';
import { openMailroom } from '../../mailroom/open.ts';
import { groupCommit } from './group.ts';
import { newId } from './ids.ts';
import type { SqliteFile } from './sqlite.ts';
import { openSqlite, StorageLost } from './sqlite.ts';
import { createWriteBackThread } from './write-back.ts';

/** One account is one folder with one database: nothing of an account is in another's. */
const DATABASE = 'mailroom.db';

export interface Accounts extends Rooms {
  /** Makes an account; false when there is one of this name. Its name must be an account name. */
  create(name: string): boolean;
  close(): void;
}

interface Opened {
  readonly sql: SqliteFile;
  readonly room: Async<Mailroom>;
}

/** The mailrooms of this process, each opened when it is first asked for. */
export function openAccounts(parts: {
  readonly dataDir: string;
  readonly config: MailroomConfig;
  /** Called when a database cannot be trusted any more: the process must end. */
  readonly lost: (cause: StorageLost) => void;
}): Accounts {
  const root = join(parts.dataDir, 'accounts');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const opened = new Map<string, Opened>();
  const thread = createWriteBackThread();
  const pathOf = (name: string): string => join(root, name, DATABASE);

  const open = (name: string): Opened => {
    const sql = openSqlite(pathOf(name), thread);
    const room = openRoom(name, sql);
    const one = { sql, room: watched(groupCommit({ sql, room }), parts.lost) };
    opened.set(name, one);
    return one;
  };

  /** A database that is refused is closed: whoever asks for its account asks again and again. */
  const openRoom = (name: string, sql: SqliteFile): Mailroom => {
    try {
      return openMailroom({ sql, config: parts.config, newId, random: Math.random });
    } catch (cause) {
      sql.close();
      throw cause instanceof NewerDatabase
        ? new NewerDatabase(`Of the account ${name}: ${cause.message}`)
        : cause;
    }
  };

  return {
    names: () =>
      readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && isAccountName(entry.name) && existsSync(pathOf(entry.name)))
        .map((entry) => entry.name),
    async room(name) {
      const known = opened.get(name);
      if (known !== undefined) return known.room;
      // The name may be what a stranger wrote into a key: it becomes a path only when it is nothing but a name.
      if (!isAccountName(name) || !existsSync(pathOf(name))) return null;
      return open(name).room;
    },
    create(name) {
      if (!isAccountName(name)) throw new RangeError('Not an account name');
      if (existsSync(pathOf(name))) return false;
      mkdirSync(join(root, name), { recursive: true, mode: 0o700 });
      open(name);
      return true;
    },
    close() {
      thread.close();
      for (const { sql } of opened.values()) sql.close();
      opened.clear();
    },
  };
}

/** Every verb as it is, but a database that is lost is reported at once, whoever noticed it. */
function watched(room: Async<Mailroom>, lost: (cause: StorageLost) => void): Async<Mailroom> {
  const verbs = Object.entries(room).map(([name, verb]) => [
    name,
    async (call: never) => {
      try {
        return await (verb as (call: never) => Promise<unknown>)(call);
      } catch (cause) {
        if (cause instanceof StorageLost) lost(cause);
        throw cause;
      }
    },
  ]);
  return Object.fromEntries(verbs) as Async<Mailroom>;
}
