import type { Migration } from './migrations.ts';

/** Files of mails, files that clients upload by themselves, and objects on their way out. */
export const ATTACHMENTS: Migration = [
  `CREATE TABLE attachments (
    email INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    id TEXT NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content_id TEXT,
    disposition TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    object_key TEXT NOT NULL,
    PRIMARY KEY (email, ordinal)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    object_key TEXT NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT,
    size INTEGER NOT NULL,
    sha256 TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    content_key TEXT,
    content_size INTEGER,
    content_sha256 TEXT
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX uploads_ending ON uploads (expires_at)',
  'CREATE INDEX uploads_by_object ON uploads (object_key)',
  'CREATE INDEX uploads_by_content ON uploads (content_key) WHERE content_key IS NOT NULL',
  // Which object is named is known from those who name it. Here are only those that nothing names any more: under deletion
  // while `deleted_at` is null, and then for as long as a request may still believe that it has just stored them.
  `CREATE TABLE leaving_objects (
    key TEXT NOT NULL PRIMARY KEY,
    given_up_at INTEGER NOT NULL,
    deleted_at INTEGER
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX leaving_objects_kept ON leaving_objects (given_up_at)',
];
