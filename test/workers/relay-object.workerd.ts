import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { relayObject } from '../../src/platform/workers/relay-object.ts';
import { call } from './inside/api.ts';
import { accept, mail, newRoom } from './inside/rooms.ts';
import { seenBy } from './inside/servers.ts';

const HOUR_MS = 3_600_000;
const PROBE_MS = 600_000;
const TLS_FAILURES_TO_HOLD = 5;

const stranger = () => relayObject(env.RELAY, { relay: 'stranger', shard: 0 });
const connections = async (): Promise<number> =>
  (await seenBy('implicitWrongHost')).log.filter(({ what }) => what === 'connect').length;

/** Hands one fresh mail to the relay whose certificate is another's, as the room's alarm would. */
async function handOver() {
  const { room, account } = newRoom();
  const due = Date.now() + HOUR_MS;
  const email = mail('held@there.example', { scheduledAt: due });
  await accept(room, email);
  const turn = { relay: 'stranger', unbound: true, insteadOf: [], limit: 1, leaseMs: HOUR_MS };
  const [claim] = await room.claim({ ...turn, now: due });
  if (claim === undefined) throw new Error('nothing was claimed');
  const report = await stranger().deliver({ account, claim });
  return { report, recipient: (await room.email({ id: email.id }))?.recipients[0] };
}

test('a relay with a refused certificate is held, visibly, and burns no attempts after that', async () => {
  for (let failure = 1; failure < TLS_FAILURES_TO_HOLD; failure++) {
    const { report, recipient } = await handOver();
    expect(report.closedUntil).toBe(0);
    expect(recipient).toMatchObject({ state: 'deferred', attempts: 1 });
  }
  const { report } = await handOver();
  expect(report.closedUntil).toBeGreaterThan(Date.now());

  const before = await connections();
  const held = await handOver();
  expect(held.recipient).toMatchObject({ state: 'queued', attempts: 0 });
  expect(await connections()).toBe(before);
  const { relays } = (await call('GET', '/health')).body as { relays: readonly Record<string, unknown>[] };
  expect(relays.find(({ name }) => name === 'stranger')).toMatchObject({
    state: 'held',
    reason: expect.stringContaining('certificate'),
  });
});

test('a held relay is asked again once its time has come, and by one message only', async () => {
  const until = (await handOver()).report.closedUntil;
  await runInDurableObject(stranger(), (object) => {
    object.clock = () => until + 1;
  });
  const before = await connections();
  const [one, other] = await Promise.all([handOver(), handOver()]);
  // A probe is a handshake, and a plain connection to learn why it failed.
  expect(await connections()).toBe(before + 2);
  expect(one.recipient).toMatchObject({ state: 'queued', attempts: 0 });
  expect(other.report.closedUntil).toBe(until + 1 + PROBE_MS);
});

test('a message whose lease is too short for a whole attempt is put back before anything is opened', async () => {
  const { room, account } = newRoom();
  // Far ahead, so that the room's own alarm leaves it to us.
  const due = Date.now() + HOUR_MS;
  const email = mail('late@there.example', { scheduledAt: due });
  await accept(room, email);
  // A probe or a ramp has used up the rest: all before the dot and the reply to it would end after the lease.
  const turn = { relay: 'second', unbound: true, insteadOf: [], limit: 1, leaseMs: 14 * 60_000 };
  const [claim] = await room.claim({ ...turn, now: due });
  if (claim === undefined) throw new Error('nothing was claimed');
  const second = relayObject(env.RELAY, { relay: 'second', shard: 0 });
  await runInDurableObject(second, (object) => {
    object.clock = () => due;
  });
  const opened = async (): Promise<number> => (await seenBy('implicit')).log.length;
  const before = await opened();
  await second.deliver({ account, claim });
  const [recipient] = (await room.email({ id: email.id }))?.recipients ?? [];
  expect(recipient).toMatchObject({ state: 'queued', attempts: 0 });
  expect(await opened()).toBe(before);
});
