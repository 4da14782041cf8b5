import { DatabaseSync } from 'node:sqlite';

/** Ends the process without a word when a statement that begins so is about to be run. */
const at = process.env['TEST_CRASH_AT'] ?? '';
const { prepare } = DatabaseSync.prototype;
DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
  if (sql.replace(/\s+/g, ' ').startsWith(at)) process.kill(process.pid, 'SIGKILL');
  return prepare.call(this, sql);
};
