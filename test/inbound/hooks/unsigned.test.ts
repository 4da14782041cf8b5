import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../schemas/error.ts';
import { EIGHT_BIT_MAIL, type Field, multipart, NOW, postmarkJson, sendgridFields } from './payloads.ts';
import { hookStage, statusOf } from './stage.ts';

const kept = { status: 200, body: { object: 'email', id: 'mail-1', duplicate: false } };

describe('SendGrid Inbound Parse with the raw option', () => {
  const post = async (fields: readonly Field[], parts: Parameters<typeof hookStage>[0] = {}) => {
    const stage = hookStage(parts);
    const answer = await stage.post('sendgrid', multipart(fields));
    return { answer, status: statusOf(answer, ERRORS), taken: stage.taken };
  };

  it('becomes a delivery: the exact bytes, and the envelope of the envelope', async () => {
    const { answer, taken } = await post(sendgridFields(EIGHT_BIT_MAIL));
    expect(answer).toEqual(kept);
    expect(taken).toEqual([
      {
        account: 'default',
        source: 'sendgrid',
        envelopeFrom: 'bounces+7@sender.example',
        envelopeTo: ['desk@shop.example', 'sales@shop.example'],
        deliveryId: null,
        peer: null,
        raw: EIGHT_BIT_MAIL,
      },
    ]);
  });

  it('knows the null sender', async () => {
    const fields = sendgridFields(EIGHT_BIT_MAIL, { envelope: '{"to":["desk@shop.example"],"from":""}' });
    expect((await post(fields)).taken).toMatchObject([{ envelopeFrom: '' }]);
  });

  it.each([
    [
      'a forged envelope',
      '\r\n--xYzZY\r\nContent-Disposition: form-data; name="envelope"\r\n\r\n{"to":["ceo@shop.example"],"from":""}',
    ],
    [
      'a second mail',
      '\r\n--xYzZY\r\nContent-Disposition: form-data; name="email"\r\n\r\nFrom: ceo@shop.example\r\n\r\n',
    ],
    [
      'a forged envelope and an end',
      '\r\n--xYzZY\r\nContent-Disposition: form-data; name="envelope"\r\n\r\n{"to":["ceo@shop.example"],"from":""}\r\n--xYzZY--\r\n',
    ],
  ])('a mail that holds the boundary and %s is not taken for its provider', async (_, forged) => {
    const raw = Buffer.concat([EIGHT_BIT_MAIL, Buffer.from(forged)]);
    expect(await post(sendgridFields(raw))).toMatchObject({ status: 503, taken: [] });
  });

  it('a mail that only quotes the boundary comes as it is', async () => {
    const raw = Buffer.from('Subject: form\r\n\r\n--xYzZY\r\n\r\nhello\r\n--xYzZY--\r\n');
    expect((await post(sendgridFields(raw))).taken).toMatchObject([{ raw }]);
  });

  it.each([
    ['no email', (fields: readonly Field[]) => fields.filter(([name]) => name !== 'email')],
    ['no envelope', (fields: readonly Field[]) => fields.filter(([name]) => name !== 'envelope')],
    ['an envelope that is no JSON', () => sendgridFields(EIGHT_BIT_MAIL, { envelope: '{"to"' })],
    [
      'an envelope without recipients',
      () => sendgridFields(EIGHT_BIT_MAIL, { envelope: '{"to":[],"from":""}' }),
    ],
    ['an envelope of numbers', () => sendgridFields(EIGHT_BIT_MAIL, { envelope: '{"to":[1],"from":""}' })],
  ])('with %s it is asked to come again: any 4xx would lose the mail', async (_, change) => {
    expect(await post(change(sendgridFields(EIGHT_BIT_MAIL)))).toMatchObject({ status: 503, taken: [] });
  });

  it('stops when a mail is refused for good, and comes again when nothing can be kept', async () => {
    const fields = sendgridFields(EIGHT_BIT_MAIL);
    const refusal = { code: 'unavailable', message: 'later' } as const;
    expect((await post(fields, { says: { kind: 'refused', reason: 'domain', message: 'no' } })).status).toBe(
      403,
    );
    expect((await post(fields, { says: { kind: 'unavailable', refusal } })).status).toBe(503);
    expect((await post(fields, { settings: { maxBytes: 100 } })).status).toBe(403);
  });
});

describe('the inbound webhook of Postmark with the raw option', () => {
  const RAW = 'From: Änn <ann@sender.example>\r\nSubject: "quoted" \\ 한국어 😀\r\n\r\nhello\r\n.\r\n';
  const post = async (body: ReturnType<typeof postmarkJson>, parts: Parameters<typeof hookStage>[0] = {}) => {
    const stage = hookStage(parts);
    const answer = await stage.post('postmark', body);
    return { answer, status: statusOf(answer, ERRORS), taken: stage.taken };
  };

  it('becomes a delivery: the raw message in UTF-8, the original recipient, no word on the sender', async () => {
    const { answer, taken } = await post(postmarkJson(RAW));
    expect(answer).toEqual(kept);
    expect(taken).toEqual([
      {
        account: 'default',
        source: 'postmark',
        envelopeFrom: null,
        envelopeTo: ['desk+a1@shop.example'],
        deliveryId: '22c74902-0000-4000-8000-341342852c90 desk+a1@shop.example',
        peer: null,
        raw: Buffer.from(RAW),
      },
    ]);
  });

  it.each([
    ['no raw message', postmarkJson(RAW, { RawEmail: undefined })],
    ['a raw message that is no text', postmarkJson(RAW, { RawEmail: { a: 'x' } })],
    ['no recipient', postmarkJson(RAW, { OriginalRecipient: undefined })],
    ['no JSON', { contentType: 'application/json', bytes: Buffer.from('RawEmail') }],
  ])('with %s it is 422: it comes again, and is listed in the end', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 422, taken: [] });
  });

  it('stops at 403 alone when a mail is refused for good', async () => {
    const says = { kind: 'refused', reason: 'route', message: 'no' } as const;
    expect((await post(postmarkJson(RAW), { says })).status).toBe(403);
    expect((await post(postmarkJson(RAW), { settings: { maxBytes: 50 } })).status).toBe(403);
  });
});

describe('mails that come at the same time', () => {
  const fields = sendgridFields(Buffer.alloc(600, 'x'));
  const { contentType, bytes } = multipart(fields);
  const settings = { heldBytes: 1_000 };

  /** Gives all but the last bytes, then waits. */
  function held() {
    const gate = Promise.withResolvers<undefined>();
    async function* body(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, -10);
      await gate.promise;
      yield bytes.subarray(-10);
    }
    return { body: body(), go: () => gate.resolve(undefined) };
  }

  it('are held up to a limit of all of them; the next is asked to come again, and finds room later', async () => {
    const stage = hookStage({ settings });
    const slow = held();
    const first = stage.post('sendgrid', { contentType, bytes }, { body: slow.body });
    await Promise.resolve();
    const second = await stage.post('sendgrid', { contentType, bytes });
    expect([statusOf(second, ERRORS), stage.taken.length]).toEqual([503, 0]);
    slow.go();
    expect(statusOf(await first, ERRORS)).toBe(200);
    expect(statusOf(await stage.post('sendgrid', { contentType, bytes }), ERRORS)).toBe(200);
  });

  it('a call that never ended is forgotten after eleven minutes, when none can be under way any more', async () => {
    const stage = hookStage({ settings });
    void stage.post('sendgrid', { contentType, bytes }, { body: held().body });
    await Promise.resolve();
    const at = async (ms: number) =>
      statusOf(await stage.post('sendgrid', { contentType, bytes }, { now: NOW + ms }), ERRORS);
    expect([await at(600_000), await at(660_001)]).toEqual([503, 200]);
  });

  it('what was refused gives its room back', async () => {
    const stage = hookStage({ settings });
    const broken = { contentType, bytes: bytes.subarray(0, -10) };
    expect(statusOf(await stage.post('sendgrid', broken), ERRORS)).toBe(503);
    expect(statusOf(await stage.post('sendgrid', { contentType, bytes }), ERRORS)).toBe(200);
  });
});
