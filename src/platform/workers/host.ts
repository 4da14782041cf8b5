import type { Host } from '../../due/host.ts';
import { createLog, type Log } from '../../operator/log.ts';
import { sha256Hasher } from './hasher.ts';
import type { WorkerSettings } from './settings.ts';

/** The runtime keeps what is written to the console, under the level of the method that wrote it. */
export function workerLog(
  settings: Pick<
    WorkerSettings,
    'LOG_LEVEL' | 'API_KEY' | 'SECRET_KEY' | 'MAILGUN_SIGNING_KEY' | 's3' | 'relays'
  >,
): Log {
  const passwords = settings.relays.flatMap(({ credentials }) => credentials?.pass ?? []);
  const parts = {
    level: settings.LOG_LEVEL,
    secrets: [
      ...(settings.API_KEY === undefined ? [] : [settings.API_KEY]),
      settings.SECRET_KEY,
      ...(settings.MAILGUN_SIGNING_KEY === undefined ? [] : [settings.MAILGUN_SIGNING_KEY]),
      ...(settings.s3 === null ? [] : [settings.s3.secretAccessKey]),
      ...passwords,
    ],
    now: () => Date.now(),
  };
  const quiet = createLog({ ...parts, write: (text) => console.log(text.trimEnd()) });
  const loud = createLog({ ...parts, write: (text) => console.error(text.trimEnd()) });
  return (line) => (line.level === 'warn' || line.level === 'error' ? loud(line) : quiet(line));
}

/** What the clerk needs of a Worker. */
export function workerHost(parts: { readonly log: Log; readonly now: () => number }): Host {
  return {
    now: parts.now,
    log: parts.log,
    after: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    hasher: sha256Hasher,
  };
}
