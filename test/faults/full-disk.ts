/**
 * Run in a mount namespace of its own: sends to a process whose file system fills up, kills it, gives it room, and prints what
 * became of the mails. `node full-disk.ts MAILS`
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrashRunner } from '../support/crash-runner.ts';
import { openSink } from '../support/sink.ts';
import { drain } from './drain.ts';
import { relaySettings, sendNumbered } from './sending.ts';
import type { Persisted } from './storage-calls.ts';

const SMALL = '6m';
const LARGE = '512m';
/** Of each mail, so that a few hundred fill the file system. */
const TEXT_BYTES = 40_000;

const mails = Number(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'mailwright-full-'));
execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL}`, 'tmpfs', folder]);
// Where the runner makes its folder.
process.env['TMPDIR'] = folder;

const sink = await openSink();
// Nothing leaves before the file system is full.
let mayLeave = (): void => {};
const full = new Promise<void>((resolve) => {
  mayLeave = resolve;
});
sink.onMessage = () => full;
const runner = await CrashRunner.open(relaySettings(sink));
await runner.start();
const accepted = await sendNumbered(runner, mails, { text: 'x'.repeat(TEXT_BYTES) });
await runner.kill();
execFileSync('mount', ['-o', `remount,size=${LARGE}`, folder]);
mayLeave();
const states = new Map((await drain(runner, sink)).map(({ id, state }) => [id, state]));
const gone = [...accepted].filter(([, id]) => !['sent', 'unknown'].includes(states.get(id) ?? 'gone'));
await runner.close();
await sink.close();
execFileSync('umount', [folder]);
const result: Persisted = {
  accepted: accepted.size,
  refused: mails - accepted.size,
  gone: gone.length,
  evidence: gone.map(([number, id]) => `full: mail ${number} is ${states.get(id) ?? 'gone'}`),
};
process.stdout.write(JSON.stringify(result));
process.exit(0);
