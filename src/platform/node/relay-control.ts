import { hostname } from 'node:os';
import { readSettings } from '../../operator/settings.ts';
import type { ControlRequest } from './control.ts';
import { askControl } from './control.ts';

/** `npm run relay -- list` and `npm run relay -- resume NAME`: asks the process that works in DATA_DIR. */
const [verb, name, ...rest] = process.argv.slice(2);
const request = requestOf();
const read = readSettings(process.env, { hostname: hostname() });
if (request === null || rest.length > 0) {
  fail('Usage: npm run relay -- list | resume NAME');
} else if (!read.ok) {
  fail(`These settings are wrong:\n${read.problems.join('\n')}`);
} else {
  const answer = await askControl(read.settings.DATA_DIR, request);
  if (answer === null) fail(`No process works in ${read.settings.DATA_DIR}`);
  else if (!answer.ok) fail(answer.text);
  else process.stdout.write(`${answer.text}\n`);
}

function requestOf(): ControlRequest | null {
  if (verb === 'list' && name === undefined) return { verb: 'list-relays' };
  return verb === 'resume' && name !== undefined ? { verb: 'resume-relay', name } : null;
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
