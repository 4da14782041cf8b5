import type { Migration } from './migrations.ts';

/** Tries that a mail ended are told from those that ended with their process, and reports of ours are found by their age. */
export const READINGS: Migration = [
  'ALTER TABLE received ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE received ADD COLUMN unreadable_since INTEGER',
  'ALTER TABLE received ADD COLUMN is_report INTEGER NOT NULL DEFAULT 0',
  'CREATE INDEX received_reports ON received (created_at) WHERE is_report = 1',
  // Until now a try was counted when it was begun.
  'UPDATE received SET tries = tries - 1 WHERE lease_until IS NOT NULL AND tries > 0',
];
