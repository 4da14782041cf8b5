import type { Migration } from './migrations.ts';

/** Mail that comes in, routes, and webhooks that want its text. */
export const INBOUND: Migration = [
  // Narrow, because a search by subject walks along it. `due_at` is set as long as it is still to be read, also while somebody
  // reads it; `lease_until` while somebody does. The partial indexes hold unread mail only.
  `CREATE TABLE received (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    source TEXT NOT NULL,
    envelope_from TEXT,
    envelope_to TEXT NOT NULL,
    peer TEXT,
    raw_key TEXT NOT NULL,
    raw_size INTEGER NOT NULL,
    raw_sha256 TEXT NOT NULL,
    message_id TEXT NOT NULL,
    subject_folded TEXT NOT NULL,
    routing TEXT NOT NULL,
    parse TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER,
    claimed_at INTEGER,
    lease_until INTEGER,
    claim_id TEXT
  ) STRICT`,
  'CREATE INDEX received_by_age ON received (created_at)',
  'CREATE INDEX received_by_message_id ON received (message_id)',
  'CREATE INDEX received_due ON received (due_at) WHERE due_at IS NOT NULL AND lease_until IS NULL',
  'CREATE INDEX received_held ON received (lease_until) WHERE lease_until IS NOT NULL',
  // `head` first: a list reads it and not what lies behind.
  `CREATE TABLE received_contents (
    received INTEGER PRIMARY KEY,
    head TEXT NOT NULL,
    headers TEXT NOT NULL,
    facts TEXT NOT NULL,
    object_key TEXT,
    stripped_text TEXT,
    text TEXT,
    html TEXT
  ) STRICT`,
  `CREATE TABLE received_attachments (
    received INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    id TEXT NOT NULL,
    filename TEXT,
    content_type TEXT NOT NULL,
    content_id TEXT,
    disposition TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    object_key TEXT NOT NULL,
    PRIMARY KEY (received, ordinal)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE received_objects (
    key TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (key, received)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX received_objects_by_mail ON received_objects (received)',
  // One row for each address and each domain that a mail is found by: a search reads what it answers and nothing else.
  `CREATE TABLE received_terms (
    term TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (term, created_at, received)
  ) STRICT, WITHOUT ROWID`,
  // What a repetition is known by, for as long as it is.
  `CREATE TABLE received_marks (
    mark TEXT NOT NULL,
    envelope TEXT NOT NULL,
    received TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (mark, envelope)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX received_marks_ending ON received_marks (ends_at)',
  `CREATE TABLE routes (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    match TEXT NOT NULL,
    actions TEXT NOT NULL,
    position INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT`,
  'CREATE INDEX routes_in_order ON routes (position)',
  'ALTER TABLE webhooks ADD COLUMN include_body INTEGER NOT NULL DEFAULT 0',
  // The longer text of the same event, and which deliveries carry it: fixed with the event, so that every try sends the same.
  'ALTER TABLE webhook_messages ADD COLUMN full_payload TEXT',
  'ALTER TABLE webhook_deliveries ADD COLUMN is_full INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE events ADD COLUMN received INTEGER',
  'CREATE INDEX events_by_received ON events (received, created_at) WHERE received IS NOT NULL',
  // A Message-ID that we made holds the mail's id and needs no index. Here are those that their authors chose.
  'CREATE INDEX emails_by_chosen_id ON emails (message_id) WHERE substr(message_id, 2, 36) <> id',
];
