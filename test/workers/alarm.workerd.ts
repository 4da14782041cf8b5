import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { accept, mail, newRoom, type TestRoom } from './inside/rooms.ts';
import { untilState } from './inside/wait.ts';

const HOUR_MS = 3_600_000;

const alarmOf = (stub: TestRoom['stub']): Promise<number | null> =>
  runInDurableObject(stub, (_object, { storage }) => storage.getAlarm());

test('the alarm is set to the earliest due time, in the commit that brought it', async () => {
  const { room, stub } = newRoom();
  const later = Date.now() + 2 * HOUR_MS;
  await accept(room, mail('later@there.example', { scheduledAt: later }));
  // The first look of a new room sweeps; after it only the mail is left to wait for.
  await runDurableObjectAlarm(stub);
  expect(await alarmOf(stub)).toBe(later);
  const sooner = later - HOUR_MS;
  await accept(room, mail('sooner@there.example', { scheduledAt: sooner }));
  expect(await alarmOf(stub)).toBe(sooner);
});

test('an alarm that finds the mail moved is set again, and sends nothing', async () => {
  const { room, stub } = newRoom();
  const email = mail('moved@there.example', { scheduledAt: Date.now() + HOUR_MS });
  await accept(room, email);
  const later = Date.now() + 3 * HOUR_MS;
  await room.reschedule({ id: email.id, scheduledAt: later, now: Date.now() });
  await runDurableObjectAlarm(stub);
  await runDurableObjectAlarm(stub);
  expect(await alarmOf(stub)).toBe(later);
  expect((await room.email({ id: email.id }))?.recipients[0]?.state).toBe('queued');
});

test('a due time that has come is carried by the alarm alone', async () => {
  const { room, stub, account } = newRoom();
  const due = Date.now() + HOUR_MS;
  const email = mail('due@there.example', { scheduledAt: due });
  await accept(room, email);
  await runInDurableObject(stub, (object) => {
    object.clock = () => due + 1;
  });
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  await untilState(account, email.id, 'sent');
});

test('an alarm whose run fails is set again instead of being dropped', async () => {
  const { room, stub } = newRoom();
  await accept(room, mail('broken@there.example', { scheduledAt: Date.now() + HOUR_MS }));
  await runInDurableObject(stub, (_object, { storage }) => {
    storage.sql.exec('ALTER TABLE recipients RENAME TO elsewhere');
  });
  await runDurableObjectAlarm(stub);
  expect(await alarmOf(stub)).toBeGreaterThan(Date.now());
  await runInDurableObject(stub, (_object, { storage }) => {
    storage.sql.exec('ALTER TABLE elsewhere RENAME TO recipients');
  });
  await runDurableObjectAlarm(stub);
  expect(await alarmOf(stub)).not.toBeNull();
});

test('a room that was thrown out of memory goes on where it was', async () => {
  const { room, stub } = newRoom();
  const due = Date.now() + HOUR_MS;
  const email = mail('evicted@there.example', { scheduledAt: due });
  await accept(room, email);
  await evictDurableObject(stub);
  expect((await room.email({ id: email.id }))?.subject).toBe('Hello');
  expect(await alarmOf(stub)).toBeLessThanOrEqual(due);
});

test('a lease that nobody carries any more is decided when the room begins again, not when it ends', async () => {
  const { room, stub, account } = newRoom();
  const due = Date.now() + HOUR_MS;
  const email = mail('orphan@there.example', { scheduledAt: due });
  await accept(room, email);
  const claim = { relay: 'first', unbound: true, insteadOf: [], limit: 1, leaseMs: HOUR_MS };
  expect(await room.claim({ ...claim, now: due + 1 })).toHaveLength(1);
  await evictDurableObject(stub);
  await runInDurableObject(stub, (object) => {
    object.clock = () => due + 2;
  });
  await runDurableObjectAlarm(stub);
  await untilState(account, email.id, 'sent');
});
