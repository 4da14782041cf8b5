import type { Migration } from './migrations.ts';

/** Small mail that is to be read is found without a walk past the large mail that waits. */
export const MAIL_SIZE: Migration = [
  'DROP INDEX received_due',
  `CREATE INDEX received_due ON received (raw_size >= 1048576, due_at)
     WHERE due_at IS NOT NULL AND lease_until IS NULL`,
];
