import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { receiveEmail } from '../../src/platform/workers/email.ts';
import { workerId } from '../../src/platform/workers/funnel.ts';
import { workerHost, workerLog } from '../../src/platform/workers/host.ts';
import { remoteRoom } from '../../src/platform/workers/remote-room.ts';
import { settingsOf } from '../../src/platform/workers/settings.ts';
import { workerStore } from '../../src/platform/workers/store.ts';
import { type InboundPlace, inboundContract } from '../contracts/inbound.ts';
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
