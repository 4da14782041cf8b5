import { hostname } from 'node:os';
import { NewerDatabase } from './mailroom/migrations.ts';
import { readSettings } from './operator/settings.ts';
import { CannotStart } from './platform/node/cannot-start.ts';
import { clock } from './platform/node/host.ts';
import { onStopSignal } from './platform/node/signals.ts';
import { StorageLost } from './platform/node/sqlite.ts';
import { startService } from './platform/node/start.ts';

/** Between the end of the stop and the forced end of the process, should something still hold it. */
const LINGER_MS = 300;

/** The promise is 10 s; whatever hangs by then is left to leases and the next start. */
const STOP_WITHIN_MS = 9_700;

// A log that cannot be written (the disk is full, its reader has gone) must not stop the mail.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const read = readSettings(process.env, { hostname: hostname() });
if (!read.ok)
  refuseToStart(`These settings are wrong:\n${read.problems.map((line) => `  ${line}`).join('\n')}`);

const service = await startService(read.settings, (cause, log) => {
  log({ level: 'error', event: 'storage_lost', cause: cause.message });
  process.exit(1);
}).catch((cause: unknown) => {
  if (cause instanceof CannotStart || isOfTheMachine(cause)) return refuseToStart(cause.message);
  throw cause;
});

process.on('uncaughtException', (cause) => {
  service.log({ level: 'error', event: 'crashed', cause: cause.stack ?? String(cause) });
  process.exit(1);
});

onStopSignal({
  monotonic: clock.monotonic,
  stop: (signal) => {
    service.log({ level: 'info', event: 'stopping', signal });
    process.exitCode = 0;
    setTimeout(() => process.exit(0), STOP_WITHIN_MS).unref();
    void service.stop().then(() => {
      setTimeout(() => process.exit(0), LINGER_MS).unref();
    });
  },
  giveUp: () => process.exit(1),
});

process.stdout.write(service.banner);

/** A folder that cannot be made, a database that cannot be read: the operator's to mend, and no stack tells him how. */
function isOfTheMachine(cause: unknown): cause is Error {
  return (
    cause instanceof StorageLost ||
    cause instanceof NewerDatabase ||
    (cause instanceof Error && 'syscall' in cause)
  );
}

function refuseToStart(message: string): never {
  process.stderr.write(`Mailwright cannot start. ${message}\n`);
  process.exit(1);
}
