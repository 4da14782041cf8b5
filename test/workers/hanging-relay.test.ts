import { afterEach, expect, test } from 'vitest';
import type { Fault } from '../support/smtp-script.ts';
import { send, Workshop } from './support/workshop.ts';

const PROMISED_MS = 1_000;

const workshop = new Workshop();
afterEach(() => workshop.close());

test('while one relay hangs, the mail of another goes on within a second', { timeout: 120_000 }, async () => {
  const faults: Fault[] = [{ kind: 'hang' }, { kind: 'hang' }, { kind: 'close' }];
  const hanging = await workshop.relay({ script: { greeting: () => faults.shift() ?? { kind: 'hang' } } });
  const other = await workshop.relay();
  const url = `smtp://localhost:${hanging.port}?tls=none&name=a,smtp://localhost:${other.port}?tls=none&name=b`;
  const worker = await workshop.worker(await workshop.settings(url));

  await send(worker, 'first@there.example');
  await hanging.seen('hang', 1);
  await send(worker, 'second@there.example');
  await hanging.seen('hang', 2);
  // The third is turned away by the first relay and belongs to the second one from then on.
  await send(worker, 'third@there.example');
  await hanging.seen('end', 1);
  const turnedAway = performance.now();
  await other.seen('message', 1);
  expect(performance.now() - turnedAway).toBeLessThan(PROMISED_MS);
  expect(other.messages[0]?.recipients).toEqual(['third@there.example']);
  expect(hanging.open).toBe(2);
});
