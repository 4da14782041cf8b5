import { afterEach, describe, expect, it } from 'vitest';
import { createReceive } from '../../src/inbound/funnel.ts';
import { createJudge, createJudgeRecipient, type JudgeParts } from '../../src/inbound/judge.ts';
import { createReturnPaths } from '../../src/mime/return-path.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { type NodePlace, nodePlace } from '../support/inbound-place.ts';

const DOMAIN = 'bounces.example';
const paths = createReturnPaths({ key: new Uint8Array(32).fill(7), domain: DOMAIN });
const strangers = createReturnPaths({ key: new Uint8Array(32).fill(8), domain: DOMAIN });

let places: NodePlace[] = [];
afterEach(async () => {
  for (const place of places) await place.close();
  places = [];
});

async function partsOf(settings: Partial<JudgeParts['settings']> = {}): Promise<JudgeParts> {
  places = [await nodePlace(), await nodePlace({}, 'other')];
  return {
    room: async (name) => places.find(({ account }) => account === name)?.room ?? null,
    returnPaths: paths,
    log: () => {},
    settings: { receivingDomains: ['mine.example'], returnPathDomain: DOMAIN, ...settings },
  };
}

const pathOf = (account: string, of = paths): Promise<string> =>
  of.print({ account, emailId: newId(), ordinal: 0 });

describe('whom mail is taken for', () => {
  it('is the owner of a return path that we have signed, whosever door it came to', async () => {
    const judge = createJudge(await partsOf());
    const address = await pathOf('other');
    const judged = await judge({ account: 'default', addresses: [address, 'a@mine.example'] });
    expect(judged).toEqual([
      { kind: 'take', account: 'other', address },
      { kind: 'take', account: 'default', address: 'a@mine.example' },
    ]);
  });

  it('is nobody at the domain of return paths without a valid token, unless mail is received for it by name', async () => {
    const parts = await partsOf({ receivingDomains: null });
    const forged = [await pathOf('other', strangers), await pathOf('nobody'), `info@${DOMAIN}`];
    const judged = await createJudge(parts)({ account: 'default', addresses: forged });
    expect(judged.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
    const named = { ...parts, settings: { ...parts.settings, receivingDomains: [DOMAIN] } };
    expect(await createJudge(named)({ account: 'default', addresses: [`info@${DOMAIN}`] })).toMatchObject([
      { kind: 'take' },
    ]);
  });

  it('is told before the mail is sent, in the words of the route', async () => {
    const parts = await partsOf();
    const route = {
      id: newId(),
      match: { recipient: 'closed@mine.example' },
      actions: [{ type: 'reject', message: 'Moved.' }],
      position: null,
      enabled: true,
    } as const;
    await places[0]?.room.createRoute({ route, now: Date.now() });
    const judge = createJudgeRecipient(createJudge(parts));
    const ask = (address: string) => judge({ account: 'default', address });
    expect(await ask('open@mine.example')).toBeNull();
    expect(await ask('closed@mine.example')).toEqual({ kind: 'refused', reason: 'route', message: 'Moved.' });
    expect(await ask('a@elsewhere.example')).toMatchObject({ kind: 'refused', reason: 'domain' });
    expect(await ask('a@b@mine.example')).toMatchObject({ kind: 'refused', reason: 'address' });
  });

  it('is not known while the room cannot be asked', async () => {
    const parts = await partsOf();
    const down = { rule: async () => Promise.reject(new Error('down')) };
    const judge = createJudge({ ...parts, room: async () => down as never });
    expect(
      await judge({ account: 'default', addresses: ['a@mine.example', 'a@foreign.example'] }),
    ).toMatchObject([{ kind: 'unavailable' }, { kind: 'refused' }]);
  });
});

describe('one delivery for several accounts', () => {
  it('becomes a mail and an object for each of them', async () => {
    const parts = await partsOf();
    const receive = createReceive({
      room: parts.room,
      judge: createJudge(parts),
      // One store, as in a house: keys keep the accounts apart.
      objects: (places[0] ?? fail()).objects,
      host: { now: () => Date.now(), log: () => {} },
      newId,
      wake: () => {},
      maxBytes: 1_000,
    });
    const mail = new TextEncoder().encode('Subject: both\r\n\r\n');
    const received = await receive({
      account: 'default',
      source: 'smtp',
      envelopeFrom: '',
      envelopeTo: [await pathOf('other'), 'a@mine.example', 'A@mine.example', 'a@mine.example'],
      peer: null,
      deliveryId: null,
      raw: (async function* () {
        yield mail;
      })(),
    });
    expect(received).toMatchObject({ kind: 'kept', duplicate: false });
    const listed = await Promise.all(
      places.map(async ({ room, account, objects: _ }) => {
        const { claims } = await room.claimArrivals({ now: Date.now() + 1, limit: 9, leaseMs: 1_000 });
        return claims.map(({ rawKey, rawSize, envelopeTo }) => [
          account,
          rawKey.split('/')[1],
          rawSize,
          envelopeTo.length,
        ]);
      }),
    );
    expect(listed).toEqual([[['default', 'default', mail.length, 2]], [['other', 'other', mail.length, 1]]]);
  });
});

function fail(): never {
  throw new Error('No place');
}
