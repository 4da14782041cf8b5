import type { Migration } from './migrations.ts';

/** Webhooks, and events that are about no mail or no mailbox. */
export const WEBHOOKS: Migration = [
  // Made anew, because `email` and `recipient` may be null from here on, and SQLite cannot loosen a column.
  `CREATE TABLE events_anew (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    email INTEGER,
    recipient TEXT,
    attempt INTEGER NOT NULL,
    relay TEXT,
    phase TEXT,
    smtp TEXT,
    next_attempt_at INTEGER,
    maybe_duplicate INTEGER NOT NULL,
    reason TEXT,
    bounce TEXT,
    webhook TEXT
  ) STRICT`,
  'INSERT INTO events_anew SELECT *, NULL FROM events ORDER BY seq',
  'DROP TABLE events',
  'ALTER TABLE events_anew RENAME TO events',
  'CREATE UNIQUE INDEX events_by_id ON events (id)',
  'CREATE INDEX events_by_email ON events (email)',
  'CREATE INDEX events_by_age ON events (created_at)',
  'CREATE INDEX events_by_type ON events (type, created_at)',
  'CREATE INDEX events_by_recipient ON events (recipient COLLATE NOCASE, created_at)',
  // One row per tag of an event's mail, `name:value`: a filter by tag reads what it answers and nothing else.
  `CREATE TABLE event_tags (
    tag TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (tag, created_at, event)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO event_tags SELECT (tag.value ->> 'name') || ':' || (tag.value ->> 'value'), events.created_at, events.seq
   FROM events JOIN emails ON emails.seq = events.email JOIN json_each(emails.head, '$.tags') AS tag`,
  `CREATE TABLE webhooks (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    types TEXT NOT NULL,
    status TEXT NOT NULL,
    disabled_reason TEXT,
    disabled_at INTEGER,
    secrets TEXT NOT NULL,
    failing_since INTEGER,
    failed_at INTEGER,
    created_at INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX webhooks_by_age ON webhooks (created_at, id)',
  // What is sent, once for all webhooks that get it, and apart from what changes with each try.
  `CREATE TABLE webhook_messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    payload TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX webhook_messages_by_id ON webhook_messages (id)',
  'CREATE INDEX webhook_messages_by_age ON webhook_messages (created_at)',
  // `due_at` is set as long as there is a try to come, also while it is under way; `lease_until` while it is under way.
  `CREATE TABLE webhook_deliveries (
    webhook INTEGER NOT NULL,
    message INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER,
    lease_until INTEGER,
    claim_id TEXT,
    PRIMARY KEY (webhook, message)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, due_at)
   WHERE due_at IS NOT NULL AND lease_until IS NULL`,
  'CREATE INDEX webhook_deliveries_held ON webhook_deliveries (webhook, lease_until) WHERE lease_until IS NOT NULL',
  `CREATE TABLE webhook_attempts (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    webhook INTEGER NOT NULL,
    message INTEGER NOT NULL,
    status_code INTEGER NOT NULL,
    response TEXT NOT NULL,
    sent_at INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX webhook_attempts_by_delivery ON webhook_attempts (webhook, message)',
];
