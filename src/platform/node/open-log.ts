import { createLog, type Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import { clock } from './host.ts';

let waiting = '';

/** A line for each mail would be a call of the system for each: those of one turn go out in one. */
function writeTogether(text: string): void {
  if (waiting === '') setImmediate(writeOut);
  waiting += text;
}

function writeOut(): void {
  const text = waiting;
  waiting = '';
  if (text !== '') process.stderr.write(text);
}

// Why a process ended is told in its last line.
process.on('exit', writeOut);

/** The log of this process, which knows the secrets it must not show. */
export function openLog(settings: Settings): Log {
  const passwords = (settings.relays ?? []).flatMap(({ credentials }) => credentials?.pass ?? []);
  return createLog({
    level: settings.LOG_LEVEL,
    secrets: [
      settings.API_KEY,
      settings.SECRET_KEY,
      settings.S3_SECRET_ACCESS_KEY,
      settings.MAILGUN_SIGNING_KEY,
      ...passwords,
    ].filter((secret) => secret !== undefined),
    now: clock.now,
    write: writeTogether,
  });
}
