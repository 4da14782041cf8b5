import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scanRaw } from '../../src/clerk/raw-scan.ts';
import { House } from '../support/house.ts';

const KEY = 't/default/0123abcd';
const RAW = 'From: a@example.com\r\nSubject: x\r\n\r\nbody\r\n';

async function houseWith(text: string): Promise<House> {
  const house = new House();
  await house.objects.put(KEY, Buffer.from(text), { contentType: null });
  return house;
}

describe('content that is kept as an object', () => {
  it('a large body is read from its object', async () => {
    const house = await houseWith(JSON.stringify({ html: null, text: 'from the store' }));
    const id = house.accept({ content: { kind: 'object', key: KEY }, objects: [KEY] });
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.relay.carried[0]?.bytes).toContain('from the store');
  });

  it('raw mail is sent byte for byte', async () => {
    const house = await houseWith(RAW);
    const id = house.accept({ content: { kind: 'raw', key: KEY, size: RAW.length }, objects: [KEY] });
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.relay.carried[0]?.bytes).toBe(RAW);
    expect(house.email(id).composed?.sha256).toBe(createHash('sha256').update(RAW).digest('hex'));
  });

  it('threats §12 r5: a row without its object fails visibly and is not sent', async () => {
    const house = new House();
    for (const content of [
      { kind: 'object', key: KEY },
      { kind: 'raw', key: KEY, size: 10 },
    ] as const) {
      const id = house.accept({ content, objects: [KEY] });
      await house.until(() => house.states(id)[0] === 'failed');
      expect(house.email(id).recipients[0]?.reason).toBe('content_missing');
      expect(house.events(id)).toContain('email.failed');
    }
    expect(house.relay.submitted).toHaveLength(0);
  });

  it('threats §12 r5: an object with one byte flipped fails visibly and is not sent', async () => {
    for (const content of [
      { kind: 'object', key: KEY },
      { kind: 'raw', key: KEY, size: RAW.length },
    ] as const) {
      const house = await houseWith(content.kind === 'raw' ? RAW : '{"html":null,"text":"x"}');
      house.objects.flip(KEY);
      const id = house.accept({ content, objects: [KEY] });
      await house.until(() => house.states(id)[0] === 'failed');
      expect(house.email(id).recipients[0]?.reason).toBe('content_changed');
      expect(house.relay.submitted).toHaveLength(0);
    }
  });

  it('an object of another size than the row says is not sent', async () => {
    const house = await houseWith(`${RAW}more`);
    const id = house.accept({ content: { kind: 'raw', key: KEY, size: RAW.length }, objects: [KEY] });
    await house.until(() => house.states(id)[0] === 'failed');
    expect(house.email(id).recipients[0]?.reason).toBe('content_changed');
  });

  it('an object that changes while it is being sent ends the attempt before the dot, for good', async () => {
    const house = await houseWith(RAW);
    house.relay.script = async (submission) => {
      house.objects.flip(KEY);
      let left = false;
      try {
        for await (const _ of submission.message());
        left = await submission.beforeDot(submission.envelope.recipients);
      } catch {
        // What a relay does: the dot is not sent.
      }
      expect(left).toBe(false);
      const verdict = {
        kind: 'deferred',
        phase: 'body',
        cause: 'x',
        smtp: null,
        greylisted: false,
        elsewhere: false,
      };
      return { verdicts: [verdict as never], condition: { kind: 'well' } };
    };
    const id = house.accept({ content: { kind: 'raw', key: KEY, size: RAW.length }, objects: [KEY] });
    await house.until(() => house.states(id)[0] === 'failed');
    expect(house.email(id).recipients[0]?.reason).toBe('content_changed');
  });

  it('a store that is down puts the recipient back: no attempt is counted, and it goes out when the store is up', async () => {
    const house = await houseWith(RAW);
    house.objects.isDown = true;
    const id = house.accept({ content: { kind: 'raw', key: KEY, size: RAW.length }, objects: [KEY] });
    await house.until(() => house.log.some(({ event }) => event === 'attempt'));
    expect(house.states(id)).toEqual(['queued']);
    expect(house.email(id).recipients[0]?.attempts).toBe(0);
    house.objects.isDown = false;
    await house.clock.advance(61_000);
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.email(id).recipients[0]?.attempts).toBe(1);
  });

  it('a retry whose bytes differ from those of the first attempt is not sent', async () => {
    const house = await houseWith('{"html":null,"text":"first"}');
    house.relay.script = async (submission) => {
      for await (const _ of submission.message());
      await submission.beforeDot(submission.envelope.recipients);
      return { verdicts: [{ kind: 'unknown', cause: 'reset' }], condition: { kind: 'well' } };
    };
    const id = house.accept({ content: { kind: 'object', key: KEY }, objects: [KEY] });
    await house.until(() => house.states(id)[0] === 'unknown');
    await house.objects.put(KEY, Buffer.from('{"html":null,"text":"other"}'), { contentType: null });
    await house.clock.advance(3_600_000);
    await house.until(() => house.log.filter(({ event }) => event === 'attempt').length === 2);
    expect(house.relay.submitted).toHaveLength(1);
    expect(house.log.at(-1)).toMatchObject({ cause: 'content_changed' });
  });
});

describe('what raw mail asks of a relay', () => {
  const ask = (text: string, size: number) =>
    scanRaw(
      (async function* () {
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      })(),
    );

  it.each([1, 2, 3, 1000])('in pieces of %i bytes, header and body are told apart', async (size) => {
    expect(await ask('A: b\r\n\r\nplain', size)).toEqual({ needsSmtpUtf8: false, needs8BitMime: false });
    expect(await ask('A: \u00fc\r\n\r\nplain', size)).toEqual({ needsSmtpUtf8: true, needs8BitMime: false });
    expect(await ask('A: b\r\n\r\n\u00fc', size)).toEqual({ needsSmtpUtf8: false, needs8BitMime: true });
    expect(await ask('A: b\r\n c\r\r\n\r\n\u00fc', size)).toEqual({
      needsSmtpUtf8: false,
      needs8BitMime: true,
    });
    expect(await ask('A: b\r\n c\r\n\u00fc: d', size)).toEqual({ needsSmtpUtf8: true, needs8BitMime: false });
  });
});
