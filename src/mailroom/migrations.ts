import { ATTACHMENTS } from './migration-attachments.ts';
import { INBOUND } from './migration-inbound.ts';
import { MAIL_SIZE } from './migration-mail-size.ts';
import { READINGS } from './migration-readings.ts';
import { WEBHOOKS } from './migration-webhooks.ts';
import type { Sql } from './sql.ts';

/** The statements that lead from one version of the stored shapes to the next. Never edited once released: only added to. */
export type Migration = readonly string[];

const VERSION_1: Migration = [
  // `head` is what a list shows of the header fields, as JSON. Bodies are elsewhere, so that a list does not drag them.
  `CREATE TABLE emails (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    date INTEGER NOT NULL,
    scheduled_at INTEGER,
    message_id TEXT NOT NULL,
    boundary TEXT NOT NULL,
    sender TEXT NOT NULL,
    from_domain TEXT NOT NULL,
    tls TEXT,
    subject TEXT NOT NULL,
    head TEXT NOT NULL,
    composed_version INTEGER,
    composed_sha256 TEXT,
    composed_size INTEGER
  ) STRICT`,
  'CREATE INDEX emails_by_age ON emails (created_at, id)',
  `CREATE TABLE bodies (
    email INTEGER PRIMARY KEY,
    html TEXT,
    text TEXT,
    object_key TEXT,
    raw_size INTEGER
  ) STRICT`,
  `CREATE TABLE email_objects (
    key TEXT NOT NULL,
    email INTEGER NOT NULL,
    PRIMARY KEY (key, email)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX email_objects_by_email ON email_objects (email)',
  // `due_at` is set exactly while a recipient waits, `lease_until` exactly while the clerk holds it; both are null when
  // it is finished. The partial indexes therefore hold unfinished work only, however many mails are stored.
  `CREATE TABLE recipients (
    email INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    address TEXT NOT NULL,
    simulation TEXT,
    state TEXT NOT NULL,
    before TEXT,
    feedback TEXT,
    lane TEXT NOT NULL,
    due_at INTEGER,
    first_due_at INTEGER NOT NULL,
    lease_until INTEGER,
    attempt_id TEXT,
    phase TEXT,
    relay TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    claims INTEGER NOT NULL DEFAULT 0,
    breaks INTEGER NOT NULL DEFAULT 0,
    delayed INTEGER NOT NULL DEFAULT 0,
    bounced INTEGER NOT NULL DEFAULT 0,
    maybe_duplicate INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    smtp TEXT,
    PRIMARY KEY (email, ordinal)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX recipients_due ON recipients (lane, due_at) WHERE due_at IS NOT NULL',
  'CREATE INDEX recipients_ageing ON recipients (first_due_at) WHERE due_at IS NOT NULL',
  'CREATE INDEX recipients_held ON recipients (lease_until) WHERE lease_until IS NOT NULL',
  `CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    email INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    relay TEXT,
    phase TEXT,
    smtp TEXT,
    next_attempt_at INTEGER,
    maybe_duplicate INTEGER NOT NULL,
    reason TEXT,
    bounce TEXT
  ) STRICT`,
  'CREATE INDEX events_by_email ON events (email)',
  'CREATE INDEX events_by_age ON events (created_at)',
  `CREATE TABLE suppressions (
    id TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    origin TEXT NOT NULL,
    source_id TEXT,
    note TEXT,
    expires_at INTEGER,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX suppressions_by_age ON suppressions (created_at, id)',
  'CREATE INDEX suppressions_by_origin ON suppressions (origin, created_at, id)',
  'CREATE INDEX suppressions_ending ON suppressions (expires_at) WHERE expires_at IS NOT NULL',
  `CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    public_id TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    permission TEXT NOT NULL,
    domain TEXT,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX api_keys_by_age ON api_keys (created_at, id)',
  // A row with a token is a reservation until `ends_at`; one with an answer is replayed until then.
  `CREATE TABLE idempotency (
    endpoint TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    token TEXT,
    status INTEGER,
    answer TEXT,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (endpoint, key)
  ) STRICT`,
  'CREATE INDEX idempotency_ending ON idempotency (ends_at)',
];

/** In order; the place in this list is the version. */
export const MIGRATIONS: readonly Migration[] = [
  VERSION_1,
  ATTACHMENTS,
  WEBHOOKS,
  INBOUND,
  READINGS,
  MAIL_SIZE,
];

/** The database was written by a newer release. Opening it with older rules could lose mail. */
export class NewerDatabase extends Error {
  override readonly name = 'NewerDatabase';
}

/** Brings a database to the newest version, in one transaction. Forward only. */
export function migrate({
  sql,
  migrations = MIGRATIONS,
}: {
  readonly sql: Sql;
  readonly migrations?: readonly Migration[];
}): void {
  sql.transaction(() => {
    sql.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT');
    const [row] = sql.exec<{ version: number }>('SELECT version FROM schema_version');
    const version = row?.version ?? 0;
    if (version > migrations.length) {
      throw new NewerDatabase(
        `The database has version ${version}, and this release knows ${migrations.length}: start the release that wrote it, or restore a backup.`,
      );
    }
    if (row === undefined) sql.exec('INSERT INTO schema_version (version) VALUES (0)');
    for (const statement of migrations.slice(version).flat()) sql.exec(statement);
    if (version < migrations.length) sql.exec('UPDATE schema_version SET version = ?', migrations.length);
  });
}
