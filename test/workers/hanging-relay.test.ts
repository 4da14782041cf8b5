import { afterEach, expect, test } from 'vitest';
import { Receiver } from '../journeys/receiver.ts';
import type { Fault } from '../support/smtp-script.ts';
import { made, send, Workshop } from './support/workshop.ts';

const PROMISED_MS = 1_000;
const TIME = { timeout: 120_000 };

const workshop = new Workshop();
const receiver = new Receiver();
afterEach(() => Promise.all([receiver.down(), workshop.close()]));

test('while one relay hangs, the mail of another and a webhook go on within a second', TIME, async () => {
  const faults: Fault[] = [{ kind: 'hang' }, { kind: 'hang' }, { kind: 'close' }];
  const hanging = await workshop.relay({ script: { greeting: () => faults.shift() ?? { kind: 'hang' } } });
  const other = await workshop.relay();
  const url = `smtp://localhost:${hanging.port}?tls=none&name=a,smtp://localhost:${other.port}?tls=none&name=b`;
  const settings = await workshop.settings(url);
  const worker = await workshop.worker({ ...settings, EGRESS_ALLOW: '127.0.0.1' });
  await receiver.up();
  const hooks = await workshop.web();
  for (const endpoint of [`${hooks.origin}/silent`, receiver.url]) {
    await made(worker, '/webhooks', { endpoint, events: ['email.sent'] });
  }

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

  // A receiver that hangs is in nobody's way either.
  const since = performance.now();
  const simulated = await send(worker, 'delivered@resend.dev');
  await receiver.told('email.sent', simulated ?? '');
  expect(performance.now() - since).toBeLessThan(PROMISED_MS);
  expect(hooks.open).toBe(2);
});
