import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { READ_LEASE_MS } from '../../src/inbound/read-claim.ts';
import { receiveEmail } from '../../src/platform/workers/email.ts';
import { workerId } from '../../src/platform/workers/funnel.ts';
import { workerHost, workerLog } from '../../src/platform/workers/host.ts';
import { readerObject } from '../../src/platform/workers/reader-object.ts';
import { remoteRoom } from '../../src/platform/workers/remote-room.ts';
import { settingsOf } from '../../src/platform/workers/settings.ts';
import { workerStore } from '../../src/platform/workers/store.ts';
import { type InboundPlace, inboundContract } from '../contracts/inbound.ts';
import { House } from '../contracts/mailroom/house.ts';
import { arrival as arrivalOf } from '../contracts/mailroom/inbox-house.ts';
import { newRoom, type TestRoom } from './inside/rooms.ts';

const settings = settingsOf(env);
const host = workerHost({ log: workerLog(settings), now: () => Date.now() });
const objects = workerStore({ env, settings, host });

/** What came is read by the alarm and the reader objects alone. */
async function allRead({ room, stub }: Pick<TestRoom, 'room' | 'stub'>): Promise<void> {
  while ((await room.nextArrivalDue({ now: Date.now() })) !== null) {
    await runInDurableObject(stub, () => scheduler.wait(5));
  }
}

async function workersPlace(): Promise<InboundPlace> {
  const { account, room, stub } = newRoom();
  return {
    account,
    room,
    objects,
    newId: workerId,
    allRead: () => allRead({ room, stub }),
    close: async () => {},
  };
}

inboundContract('by workerd, its alarm and its reader objects', workersPlace);

interface Handed {
  readonly rejected: readonly string[];
}

async function hand(to: string, mail: string | ReadableStream<Uint8Array>): Promise<Handed> {
  const rejected: string[] = [];
  const raw = typeof mail === 'string' ? new Response(mail).body : mail;
  if (raw === null) throw new Error('No mail');
  await receiveEmail(
    { env, settings },
    { from: 'ann@else.example', to, raw, setReject: (reason) => void rejected.push(reason) },
  );
  return { rejected };
}

const MAIL =
  'From: ann@else.example\r\nSubject: By Email Routing\r\nMessage-ID: <r@else.example>\r\n\r\nHello\r\n';

test('a mail by way of Email Routing is kept for the operator, and read', async () => {
  expect(await hand('routed@mine.example', MAIL)).toEqual({ rejected: [] });
  const room = remoteRoom(env.MAILROOM, 'default');
  await allRead({ room, stub: env.MAILROOM.getByName('default') });
  const filter = { from: null, to: 'routed@mine.example', subject: null, since: null, until: null };
  const listed = await room.receivedEmails({ filter, page: { limit: 10, after: null, before: null } });
  if (!listed.ok) throw new Error(listed.refusal.message);
  expect(listed.value.items).toMatchObject([
    { source: 'workers', envelopeFrom: 'ann@else.example', parse: 'full', rawSize: MAIL.length },
  ]);
});

test('a mail for a foreign domain is refused for good, and one that breaks off is not acknowledged', async () => {
  expect(await hand('x@other.example', MAIL)).toEqual({ rejected: ['No mail is received for this domain.'] });
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error('gone'));
    },
  });
  await expect(hand('me@mine.example', broken)).rejects.toThrow('gone');
});

test('a reader that outlives the room goes on: what it reads is not taken from it', async () => {
  const { account, room, stub } = newRoom();
  // The reader cannot write down what it has read until this is gone, and tries again.
  await runInDurableObject(stub, (_object, { storage }) => {
    storage.sql.exec(
      `CREATE TRIGGER held BEFORE UPDATE OF parse ON received BEGIN SELECT RAISE(ABORT, 'not yet'); END`,
    );
  });
  const id = workerId();
  const rawKey = `t/${account}/${id}`;
  const { size: rawSize, sha256: rawSha256 } = await objects.put(rawKey, new TextEncoder().encode(MAIL), {
    contentType: null,
  });
  const arrival = arrivalOf(House.prototype, { id, rawKey, rawSize, rawSha256 });
  // In one turn, before the alarm can ring.
  const claim = await runInDurableObject(stub, (object) => {
    const now = Date.now();
    object.ask('receive', { arrival, now });
    return object.ask('claimArrivals', { now, limit: 1, leaseMs: READ_LEASE_MS }).claims[0];
  });
  if (claim === undefined) throw new Error('No claim');
  const reading = readerObject(env.READER, { account, id }).read({ account, claim });
  const facts = (): Promise<Record<string, unknown> | undefined> =>
    runInDurableObject(
      stub,
      (_object, { storage }) =>
        storage.sql.exec('SELECT parse, lease_until, claim_id, crashes FROM received').toArray()[0],
    );
  const before = await facts();
  await evictDurableObject(stub);
  await runDurableObjectAlarm(stub);
  await scheduler.wait(50);
  expect(await facts()).toEqual(before);
  await runInDurableObject(stub, (_object, { storage }) => {
    storage.sql.exec('DROP TRIGGER held');
  });
  await reading;
  expect(await facts()).toMatchObject({ parse: 'full', lease_until: null, crashes: 0 });
  expect((await room.receivedEmail({ id }))?.parse).toBe('full');
});
