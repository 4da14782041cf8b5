import { afterEach, beforeEach, expect, it } from 'vitest';
import { createReceive } from '../../src/inbound/funnel.ts';
import { readArrival } from '../../src/inbound/read-arrival.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { type NodePlace, nodePlace, readParts } from '../support/inbound-place.ts';

/** Between two tries of a mail. */
const LATER_MS = 10_000;

let place: NodePlace;
let now: number;
beforeEach(async () => {
  place = await nodePlace();
  now = Date.now();
});
afterEach(() => place.close());

async function take(mail: string): Promise<string> {
  const receive = createReceive({
    judge: async () => [{ kind: 'take', account: 'default', address: 'me@mine.example' }],
    room: async () => place.room,
    objects: place.objects,
    host: { now: () => now, log: () => {} },
    newId,
    wake: () => {},
    maxBytes: 1024 * 1024,
  });
  const raw = (async function* () {
    yield new TextEncoder().encode(mail);
  })();
  const received = await receive({
    ...{ account: 'default', source: 'smtp', envelopeFrom: 'ann@else.example', peer: null, deliveryId: null },
    envelopeTo: ['me@mine.example'],
    raw,
  });
  if (received.kind !== 'kept') throw new Error(JSON.stringify(received));
  return received.id;
}

/** The one mail that is due, read in its third try and not before. */
async function triedThreeTimes(): Promise<void> {
  for (const attempt of [1, 2, 3]) {
    const { claims } = await place.room.claimArrivals({ now, limit: 9, leaseMs: 60_000 });
    expect(claims.map((claim) => claim.attempt)).toEqual([attempt]);
    for (const claim of claims) {
      const read = () => readArrival({ account: 'default', claim }, readParts(place.objects));
      const outcome = attempt < 3 ? ({ kind: 'failed', cause: 'time' } as const) : await read();
      await place.room.settleArrival({ claimId: claim.claimId, now, outcome });
    }
    now += LATER_MS;
  }
}

it('a mail with a header of 200 KiB, whose readers come to nothing, is told and found by all of its header', async () => {
  const filler = `X-Filler: ${'x'.repeat(70)}\r\n`.repeat(2_500).slice(0, 82 * 900);
  const fields = `From: Ann <ann@else.example>\r\nSubject: Invoice 7\r\nMessage-ID: <m1@else.example>\r\nIn-Reply-To: <p@mine.example>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n`;
  const id = await take(`${filler}X-Long: ${'y'.repeat(120_000)}\r\n${fields}\r\nHello`);
  await triedThreeTimes();
  expect(await place.room.receivedEmail({ id })).toMatchObject({
    parse: 'limited',
    head: {
      from: [{ name: 'Ann', address: 'ann@else.example' }],
      subject: 'Invoice 7',
      messageId: '<m1@else.example>',
      inReplyTo: '<p@mine.example>',
      date: Date.UTC(2026, 10, 24, 10),
    },
    content: { kind: 'inline', text: null, html: null },
  });
  const found = await place.room.receivedEmails({
    filter: { from: 'ann@else.example', to: null, subject: 'invoice', since: null, until: null },
    page: { limit: 9, after: null, before: null },
  });
  expect(found.ok && found.value.items.map((one) => one.id)).toEqual([id]);
});

it('a sender is never listed by the beginning of his address', async () => {
  const from = 'From: boss@bank.example';
  const filler = `X-Filler: ${'x'.repeat(32 * 1024 - from.length - 'X-Filler: \r\n'.length)}\r\n`;
  const id = await take(`${filler}${from}.evil.example\r\n\r\nHello`);
  expect((await place.room.receivedEmail({ id }))?.head.from).toEqual([]);
  await triedThreeTimes();
  const { from: told } = (await place.room.receivedEmail({ id }))?.head ?? {};
  expect(told).toEqual([{ name: '', address: 'boss@bank.example.evil.example' }]);
});
