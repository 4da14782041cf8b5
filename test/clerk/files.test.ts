import { createHash } from 'node:crypto';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { prepareSealed } from '../../src/clerk/seal.ts';
import { compose } from '../../src/mime/compose.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { House } from '../support/house.ts';
import { deferred, forAll, type Script, takes } from '../support/scripted-relay.ts';
import { fileRecord, storedFile } from '../support/stored-file.ts';

const LONG = Buffer.alloc(200_000, 'a long file that takes several pieces, ');

/** Reads the message and gives up without a word, as a real one does when its source breaks. */
const readsOn: Script = async (submission) => {
  let left = false;
  try {
    for await (const _ of submission.message());
    left = await submission.beforeDot(submission.envelope.recipients);
  } catch {
    // No dot leaves.
  }
  expect(left).toBe(false);
  return forAll(submission, {
    kind: 'back',
    phase: 'body',
    cause: 'content_unavailable',
    retryInMs: 60_000,
    elsewhere: false,
  });
};

const outcomeLost: Script = async (submission) => {
  for await (const _ of submission.message());
  await submission.beforeDot(submission.envelope.recipients);
  return forAll(submission, { kind: 'unknown', cause: 'reset' });
};

const reasonOf = (house: House, id: string) => house.email(id).recipients[0]?.reason;
const attemptsOf = (house: House, id: string) =>
  house.log.filter(({ event, email }) => event === 'attempt' && email === id).length;

describe('a mail with files', () => {
  it('is sent with the bytes that are stored; size and digest of the whole are known and kept', async () => {
    const house = new House();
    const attachments = [
      await storedFile(house.objects, LONG, { filename: '견적서.pdf', contentType: 'application/pdf' }),
      await storedFile(house.objects, 'second', { filename: 'b.txt', contentType: 'text/plain' }),
    ];
    const id = house.accept({ attachments });
    await house.until(() => house.states(id)[0] === 'sent');
    const sent = Buffer.from(house.relay.carried[0]?.bytes ?? '', 'latin1');
    const email = await PostalMime.parse(sent);
    expect(
      email.attachments.map(({ filename, content }) => [filename, Buffer.from(content as ArrayBuffer)]),
    ).toEqual([
      ['견적서.pdf', LONG],
      ['b.txt', Buffer.from('second')],
    ]);
    expect(house.relay.submitted[0]?.envelope.size).toBe(sent.length);
    expect(house.email(id).composed).toEqual({
      version: 2,
      size: sent.length,
      sha256: createHash('sha256').update(sent).digest('hex'),
    });
  });

  it('a retry sends the same bytes, and GET raw shows them too', async () => {
    const house = new House();
    const attachments = [
      await storedFile(house.objects, LONG),
      await storedFile(house.objects, 'x', { contentId: 'logo', disposition: 'inline' }),
    ];
    const content = { kind: 'inline', html: '<img src="cid:logo">', text: 'hi' } as const;
    house.relay.script = outcomeLost;
    const id = house.accept({ attachments, content });
    await house.until(() => house.states(id)[0] === 'unknown');
    const sealed = await prepareSealed(house.email(id), {
      objects: house.objects,
      compose,
      hasher: house.host.hasher,
    });
    house.relay.script = takes;
    await house.clock.advance(3_600_000);
    await house.until(() => house.states(id)[0] === 'sent');
    const [first, second] = house.relay.carried.map(({ bytes }) => bytes);
    expect(second).toBe(first);
    if (sealed.kind !== 'ready') throw new Error(sealed.kind);
    let raw = '';
    for await (const piece of sealed.composed.open()) raw += Buffer.from(piece).toString('latin1');
    expect(raw).toBe(first);
    expect(sealed.composed.sha256).toBe(house.email(id).composed?.sha256);
  });

  it('the same object twice in one mail is read twice', async () => {
    const house = new House();
    const one = await storedFile(house.objects, LONG, { filename: 'a' });
    const id = house.accept({ attachments: [one, { ...one, id: 'other', filename: 'b' }] });
    await house.until(() => house.states(id)[0] === 'sent');
    const { attachments } = await PostalMime.parse(
      Buffer.from(house.relay.carried[0]?.bytes ?? '', 'latin1'),
    );
    expect(attachments.map(({ content }) => Buffer.from(content as ArrayBuffer).equals(LONG))).toEqual([
      true,
      true,
    ]);
  });
});

describe('a file that is not what it was', () => {
  it('threats §12 r5: missing: the mail fails visibly, and no relay is bothered', async () => {
    const house = new House();
    const id = house.accept({ attachments: [await storedFile(house.objects, 'here'), fileRecord('gone')] });
    await house.until(() => house.states(id)[0] === 'failed');
    expect([reasonOf(house, id), house.events(id).at(-1), house.relay.submitted.length]).toEqual([
      'content_missing',
      'email.failed',
      0,
    ]);
  });

  it.each([
    ['the first', 0],
    ['the last', LONG.length - 1],
  ])('threats §12 r5: %s byte flipped: no dot leaves, and the mail fails visibly', async (_which, at) => {
    const house = new House();
    const file = fileRecord(LONG);
    const wrong = Buffer.from(LONG);
    wrong.writeUInt8(wrong.readUInt8(at) ^ 1, at);
    await house.objects.put(file.key, wrong, { contentType: null });
    house.relay.script = readsOn;
    const id = house.accept({ attachments: [file] });
    await house.until(() => house.states(id)[0] === 'failed');
    expect([reasonOf(house, id), house.relay.carried.length, house.email(id).composed]).toEqual([
      'content_changed',
      0,
      null,
    ]);
  });

  it.each([
    ['shorter', LONG.subarray(1)],
    ['longer', Buffer.concat([LONG, Buffer.from('x')])],
    ['empty', Buffer.alloc(0)],
  ])('%s than it was: the same', async (_which, wrong) => {
    const house = new House();
    const file = fileRecord(LONG);
    await house.objects.put(file.key, wrong, { contentType: null });
    house.relay.script = readsOn;
    const id = house.accept({ attachments: [file] });
    await house.until(() => house.states(id)[0] === 'failed');
    expect([reasonOf(house, id), house.relay.carried.length]).toEqual(['content_changed', 0]);
  });

  it('a message as a file that is damaged is found before the relay is asked', async () => {
    const house = new House();
    const file = fileRecord('From: a@b.example\r\n\r\nx', { contentType: 'message/rfc822' });
    await house.objects.put(file.key, Buffer.from('From: a@b.example\r\n\r\ny'), { contentType: null });
    const id = house.accept({ attachments: [file] });
    await house.until(() => house.states(id)[0] === 'failed');
    expect([reasonOf(house, id), house.relay.submitted.length]).toEqual(['content_changed', 0]);
  });

  it('a record that was changed between two attempts fails instead of being sent as another mail', async () => {
    const house = new House();
    house.relay.script = outcomeLost;
    const attachments = [await storedFile(house.objects, 'x'.repeat(30))];
    const id = house.accept({ attachments });
    await house.until(() => house.states(id)[0] === 'unknown');
    const other = await storedFile(house.objects, 'y'.repeat(30));
    const claim = house.mailroom().claim.bind(house.mailroom());
    house.overrides.claim = async (call) =>
      claim(call).map((one) => ({ ...one, email: { ...one.email, attachments: [other] } }));
    house.relay.script = readsOn;
    await house.clock.advance(3_600_000);
    await house.until(() => attemptsOf(house, id) === 2);
    expect(house.relay.carried).toHaveLength(1);
    expect(house.log.findLast(({ event }) => event === 'attempt')).toMatchObject({
      cause: 'content_changed',
    });
  });
});

describe('a store that is in trouble', () => {
  it('down: the recipient is put back uncounted, and goes out when the store is up', async () => {
    const house = new House();
    const attachments = [await storedFile(house.objects, LONG)];
    house.objects.isDown = true;
    const id = house.accept({ attachments });
    await house.until(() => attemptsOf(house, id) === 1);
    expect([
      house.states(id)[0],
      house.email(id).recipients[0]?.attempts,
      house.relay.submitted.length,
    ]).toEqual(['queued', 0, 0]);
    house.objects.isDown = false;
    await house.clock.advance(61_000);
    await house.until(() => house.states(id)[0] === 'sent');
  });

  it('gone in the middle of a file: no dot leaves, nothing is counted, and the next attempt is whole', async () => {
    const house = new House();
    const attachments = [await storedFile(house.objects, LONG)];
    const { get } = house.objects;
    house.objects.get = async (key) => {
      const found = await get(key);
      if (found === null) return null;
      async function* half(): AsyncIterable<Uint8Array> {
        yield LONG.subarray(0, 1_000);
        throw new StoreUnavailable('gone');
      }
      return { meta: found.meta, body: half() };
    };
    house.relay.script = readsOn;
    const id = house.accept({ attachments });
    await house.until(() => attemptsOf(house, id) === 1);
    expect([house.states(id)[0], house.email(id).recipients[0]?.attempts, house.email(id).composed]).toEqual([
      'queued',
      0,
      null,
    ]);
    house.objects.get = get;
    house.relay.script = takes;
    await house.clock.advance(61_000);
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.relay.carried[0]?.bytes.length).toBe(house.email(id).composed?.size);
  });

  it('an object that goes away while its mail waits for a connection is missing at the next attempt', async () => {
    const house = new House();
    const file = await storedFile(house.objects, 'From: a@b.example\r\n\r\nx', {
      contentType: 'message/rfc822',
    });
    house.relay.script = async (submission) => {
      await house.objects.delete(file.key);
      return readsOn(submission, 1);
    };
    const id = house.accept({ attachments: [file] });
    await house.until(() => attemptsOf(house, id) === 1);
    expect(house.states(id)).toEqual(['queued']);
    await house.clock.advance(61_000);
    await house.until(() => house.states(id)[0] === 'failed');
    expect(reasonOf(house, id)).toBe('content_missing');
  });

  it('a relay that never reads leaves no file open', async () => {
    const house = new House();
    const attachments = [await storedFile(house.objects, LONG)];
    let opened = 0;
    const { get } = house.objects;
    house.objects.get = async (key) => {
      const found = await get(key);
      async function* counted(): AsyncIterable<Uint8Array> {
        opened += 1;
        if (found !== null) yield* found.body;
      }
      return found === null ? null : { meta: found.meta, body: counted() };
    };
    house.relay.script = async (submission) => forAll(submission, deferred('refused'));
    const id = house.accept({ attachments });
    await house.until(() => house.states(id)[0] === 'deferred');
    expect(opened).toBe(0);
  });
});

describe('a mail that is asked for', () => {
  const parts = (house: House) => ({ objects: house.objects, compose, hasher: house.host.hasher });

  it('whose file is damaged, missing or out of reach is no half of an answer', async () => {
    const house = new House();
    house.relay.script = async (submission) => forAll(submission, deferred('refused'));
    const file = await storedFile(house.objects, LONG);
    const id = house.accept({ attachments: [file] });
    house.objects.flip(file.key);
    expect(await prepareSealed(house.email(id), parts(house))).toEqual({
      kind: 'failed',
      reason: 'content_changed',
    });
    await house.objects.delete(file.key);
    expect(await prepareSealed(house.email(id), parts(house))).toEqual({
      kind: 'failed',
      reason: 'content_missing',
    });
    house.objects.isDown = true;
    expect(await prepareSealed(house.email(id), parts(house))).toMatchObject({ kind: 'unavailable' });
  });

  it('without files needs no reading through', async () => {
    const house = new House();
    const id = house.accept();
    const sealed = await prepareSealed(house.email(id), parts(house));
    await house.until(() => house.states(id)[0] === 'sent');
    expect(sealed.kind === 'ready' && sealed.composed.sha256).toBe(house.email(id).composed?.sha256);
  });
});
