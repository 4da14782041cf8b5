import { describe, expect, it } from 'vitest';
import { ERRORS } from '../../../schemas/error.ts';
import type { HookSettings } from '../../../src/inbound/hooks/receive-hook.ts';
import type { Received } from '../../../src/inbound/receive.ts';
import { EIGHT_BIT_MAIL, NOW } from './payloads.ts';
import { makeSigner } from './signer.ts';
import { CERT_URL, confirmation, notification, SUBSCRIBE_URL, sesReceived, signed, snsStage } from './sns.ts';
import { hookStage, statusOf } from './stage.ts';

type Message = Readonly<Record<string, string>>;

const DAY_MS = 86_400_000;
const VALID = { from: NOW - DAY_MS, until: NOW + DAY_MS };
const signer = await makeSigner(VALID);
const stranger = await makeSigner(VALID);
const MAIL = notification(sesReceived(EIGHT_BIT_MAIL, 'BASE64'));

interface Posted {
  readonly message: Message | string | Promise<Message>;
  readonly pages?: Readonly<Record<string, string>>;
  readonly settings?: Partial<HookSettings>;
  readonly says?: Received;
}

async function post({ message, pages, ...parts }: Posted) {
  const world = snsStage(
    pages ?? { [CERT_URL]: signer.cert, [SUBSCRIBE_URL]: '<ConfirmSubscriptionResponse/>' },
  );
  const stage = hookStage({ ...parts, egress: world.egress });
  // SNS posts JSON as text/plain.
  const given = await message;
  const text = typeof given === 'string' ? given : JSON.stringify(given);
  const body = { contentType: 'text/plain; charset=UTF-8', bytes: Buffer.from(text) };
  const answer = await stage.post('ses', body);
  return {
    answer,
    status: statusOf(answer, ERRORS),
    taken: stage.taken,
    visited: world.visited,
    stage,
    body,
  };
}

describe('a mail that SES published', () => {
  it.each(['1', '2'])(
    'with a signature of version %s becomes a delivery with its exact bytes',
    async (version) => {
      const posted = await post({ message: signed({ ...MAIL, SignatureVersion: version }, signer) });
      expect(posted.answer).toEqual({
        status: 200,
        body: { object: 'email', id: 'mail-1', duplicate: false },
      });
      expect(posted.taken).toEqual([
        {
          account: 'default',
          source: 'ses',
          envelopeFrom: 'bounces+7@sender.example',
          envelopeTo: ['desk@shop.example'],
          deliveryId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
          peer: null,
          raw: EIGHT_BIT_MAIL,
        },
      ]);
    },
  );

  it.each(['UTF8', null] as const)('in the encoding %s is the text in UTF-8', async (encoding) => {
    const raw = Buffer.from('Subject: 한국어\r\n\r\n"x"\\ 😀\r\n');
    const { taken } = await post({ message: signed(notification(sesReceived(raw, encoding)), signer) });
    expect(taken).toMatchObject([{ raw }]);
  });

  it('without a subject is signed without one', async () => {
    const { Subject, ...bare } = MAIL;
    expect(Subject).toBeDefined();
    expect((await post({ message: signed(bare, signer) })).status).toBe(200);
  });

  it('fetches the certificate once, and no other place', async () => {
    const { stage, body, visited } = await post({ message: signed(MAIL, signer) });
    await stage.post('ses', body);
    expect([stage.taken.length, visited]).toEqual([2, [CERT_URL]]);
  });

  it.each([
    ['another action wrote it', sesReceived(EIGHT_BIT_MAIL, 'BASE64', { content: undefined })],
    ['it is a bounce', sesReceived(EIGHT_BIT_MAIL, 'BASE64', { notificationType: 'Bounce' })],
    ['it is a text', 'Successfully validated SNS topic'],
    ['nobody is named', sesReceived(EIGHT_BIT_MAIL, 'BASE64', { receipt: {} })],
  ])('is 422 when %s: no try would be better', async (_, message) => {
    expect(await post({ message: signed(notification(message), signer) })).toMatchObject({
      status: 422,
      taken: [],
    });
  });
});

const right = await signed(MAIL, signer);
const foreign = await signed(MAIL, stranger);

describe('threats §8 r2, r3: what is not signed by SNS is 401, and nothing is stored', () => {
  it.each<readonly [string, Message | string]>([
    ['no JSON', 'hello'],
    ['an empty body', ''],
    ['a raw delivery without an envelope', sesReceived(EIGHT_BIT_MAIL, 'BASE64')],
    ['no signature', Object.fromEntries(Object.entries(right).filter(([name]) => name !== 'Signature'))],
    ['an empty signature', { ...right, Signature: '' }],
    ['a signature that is no base64', { ...right, Signature: 'ä'.repeat(100) }],
    ['a signature of other length', { ...right, Signature: right['Signature']?.slice(0, 100) ?? '' }],
    ['the signature of a stranger', foreign],
    ['another message', { ...right, Message: `${right['Message']} ` }],
    ['another id', { ...right, MessageId: 'x' }],
    ['a subject more', { ...right, Subject: 'other' }],
    ['version 2 signed as version 1', { ...right, SignatureVersion: '1' }],
    ['version 3', { ...right, SignatureVersion: '3' }],
    ['a number for a text', JSON.stringify({ ...right, MessageId: 1 })],
    ['another type', { ...right, Type: 'constructor' }],
  ])('%s', async (_, message) => {
    expect(await post({ message })).toMatchObject({ status: 401, taken: [] });
  });

  it('a topic that is not listed is not even verified', async () => {
    const message = signed({ ...MAIL, TopicArn: 'arn:aws:sns:eu-central-1:999999999999:mail-in' }, signer);
    expect(await post({ message })).toMatchObject({ status: 401, taken: [], visited: [] });
  });

  it.each([
    ['http://sns.eu-central-1.amazonaws.com/x.pem'],
    ['https://sns.eu-central-1.amazonaws.com.evil.example/x.pem'],
    ['https://sns.eu-central-1.amazonaws.com:8443/x.pem'],
    ['https://user@sns.eu-central-1.amazonaws.com/x.pem'],
    ['https://s3.eu-central-1.amazonaws.com/x.pem'],
    ['https://evil.example/sns.eu-central-1.amazonaws.com/x.pem'],
    ['https://sns.eu-central-1.amazonaws.com/?Action=GetTopicAttributes&x=.pem'],
    ['https://sns.eu-central-1.amazonaws.com/x.pem?a=1'],
    ['https://sns.eu-central-1.amazonaws.com/x.pem#a'],
    ['https://sns.eu-central-1.amazonaws.com/x.crt'],
    ['https://sns.eu-central-1.amazonaws.com\\@evil.example/x.pem'],
    ['not a url'],
  ])('the certificate at %s is not fetched', async (url) => {
    const pages = { [url]: stranger.cert };
    const message = signed({ ...MAIL, SigningCertURL: url }, stranger);
    expect(await post({ message, pages })).toMatchObject({ status: 401, taken: [], visited: [] });
  });

  it('the certificate of China is', async () => {
    const url = 'https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0.pem';
    const message = signed({ ...MAIL, SigningCertURL: url }, signer);
    expect(await post({ message, pages: { [url]: signer.cert } })).toMatchObject({ status: 200 });
  });

  it('a certificate that is over, or has no RSA key', async () => {
    const over = await makeSigner({ ...VALID, until: NOW - 1_000 });
    expect(await post({ message: signed(MAIL, over), pages: { [CERT_URL]: over.cert } })).toMatchObject({
      status: 401,
    });
    const elliptic = await makeSigner({ ...VALID, kind: 'ec' });
    const pages = { [CERT_URL]: elliptic.cert };
    expect(await post({ message: right, pages })).toMatchObject({ status: 401, taken: [] });
  });
});

it.each([
  [-24 * 3_600_000 - 1, 401],
  [-24 * 3_600_000, 200],
  [-3_600_000, 200],
  [300_000, 200],
  [300_001, 401],
  [Number.NaN, 401],
])(
  'threats §8 r4: a message of %i ms from now is %i: SNS repeats for an hour, under the first time',
  async (ms, status) => {
    const time = Number.isNaN(ms) ? 'yesterday' : new Date(NOW + ms).toISOString();
    expect((await post({ message: signed({ ...MAIL, Timestamp: time }, signer) })).status).toBe(status);
  },
);

it('threats §8 r9: without topics nothing is taken, and nothing fetched', async () => {
  const posted = await post({ message: signed(MAIL, signer), settings: { sesTopicArns: [] } });
  expect(posted).toMatchObject({ status: 503, taken: [], visited: [] });
});

it('a certificate that cannot be had now is 503: SNS comes again', async () => {
  const message = signed(MAIL, signer);
  expect(await post({ message, pages: {} })).toMatchObject({ status: 503, taken: [] });
  expect(await post({ message, pages: { [CERT_URL]: 'hello' } })).toMatchObject({ status: 503, taken: [] });
  expect(await post({ message, pages: { [CERT_URL]: 'x'.repeat(70_000) } })).toMatchObject({ status: 503 });
});

describe('a subscription', () => {
  it('to a listed topic is confirmed, by a visit to SNS', async () => {
    const posted = await post({ message: signed(confirmation(), signer) });
    expect(posted).toMatchObject({ status: 200, taken: [], visited: [CERT_URL, SUBSCRIBE_URL] });
  });

  it('to another topic is not', async () => {
    const message = signed(confirmation({ TopicArn: 'arn:aws:sns:eu-central-1:999999999999:x' }), signer);
    expect(await post({ message })).toMatchObject({ status: 401, visited: [] });
  });

  it('is not visited anywhere else, signed or not', async () => {
    const SubscribeURL = 'https://internal.example/?Action=ConfirmSubscription';
    const message = signed(confirmation({ SubscribeURL }), signer);
    expect(await post({ message })).toMatchObject({ status: 401, visited: [CERT_URL] });
    const unsigned = { ...(await signed(confirmation(), signer)), SubscribeURL: `${SUBSCRIBE_URL}&x=1` };
    expect(await post({ message: unsigned })).toMatchObject({ status: 401, visited: [CERT_URL] });
  });

  it('without its token is none, even signed', async () => {
    const { Token, ...bare } = confirmation();
    expect(Token).toBeDefined();
    expect(await post({ message: signed(bare, signer) })).toMatchObject({ status: 401, visited: [] });
  });

  it('that SNS does not confirm now is asked for again', async () => {
    const message = signed(confirmation(), signer);
    expect(await post({ message, pages: { [CERT_URL]: signer.cert } })).toMatchObject({ status: 503 });
  });

  it('that somebody ended stays ended', async () => {
    const message = signed(confirmation({ Type: 'UnsubscribeConfirmation' }), signer);
    expect(await post({ message })).toMatchObject({ status: 200, taken: [], visited: [CERT_URL] });
  });
});

it('what makes SNS stop, and what makes it come again', async () => {
  const message = signed(MAIL, signer);
  const refusal = { code: 'unavailable', message: 'later' } as const;
  expect((await post({ message, says: { kind: 'refused', reason: 'domain', message: 'no' } })).status).toBe(
    403,
  );
  expect((await post({ message, says: { kind: 'unavailable', refusal } })).status).toBe(503);
  expect((await post({ message, says: { kind: 'dropped' } })).status).toBe(200);
  expect(await post({ message: 'x'.repeat(3_000_000) })).toMatchObject({ status: 403, taken: [] });
});
