import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createReceive } from '../../../src/inbound/funnel.ts';
import { createReceiveHook, type HookSource } from '../../../src/inbound/hooks/receive-hook.ts';
import { createJudge } from '../../../src/inbound/judge.ts';
import { openMailroom } from '../../../src/mailroom/open.ts';
import { uuidV7 } from '../../../src/mailroom/uuid.ts';
import { groupCommit } from '../../../src/platform/node/group.ts';
import { openSqlite } from '../../../src/platform/node/sqlite.ts';
import { memoryObjects } from '../../support/memory-objects.ts';
import {
  type Body,
  EIGHT_BIT_MAIL,
  mailgunFields,
  multipart,
  NOW,
  pieces,
  postmarkJson,
  sendgridFields,
  urlencoded,
} from './payloads.ts';
import { makeSigner } from './signer.ts';
import { CERT_URL, notification, sesReceived, signed, snsStage } from './sns.ts';
import { SETTINGS } from './stage.ts';

const signer = await makeSigner({ from: NOW - 1_000, until: NOW + 1_000_000 });

/** The adapters before the funnel and a room as they are: storage in memory, nothing else made up. */
function open(receivingDomains: readonly string[] | null = ['shop.example']) {
  const sql = openSqlite(':memory:');
  const newId = (): string => uuidV7({ now: NOW, random: randomBytes(10) });
  const config = {
    relays: ['main'],
    clearRelays: [],
    domains: null,
    rateLimit: 0,
    unknownPolicy: 'once',
    maxAgeMs: 1,
    retentionMs: 1,
    eventRetentionMs: 1,
    inboundRetentionMs: null,
  } as const;
  const local = openMailroom({ sql, newId, random: Math.random, config });
  const room = groupCommit({ sql, room: local });
  const objects = memoryObjects();
  const log = (): void => undefined;
  const judge = createJudge({
    room: async () => room,
    returnPaths: null,
    log,
    settings: { receivingDomains, returnPathDomain: null },
  });
  const receive = createReceive({
    room: async () => room,
    judge,
    objects,
    host: { now: () => NOW, log },
    newId,
    wake: () => undefined,
    maxBytes: SETTINGS.maxBytes,
  });
  const hook = createReceiveHook({
    receive,
    egress: snsStage({ [CERT_URL]: signer.cert }).egress,
    settings: SETTINGS,
    log,
  });
  return {
    objects,
    async post(source: HookSource, body: Body) {
      const { contentType, bytes } = body;
      return await hook({ source, account: 'default', to: null, contentType, body: pieces(bytes), now: NOW });
    },
    mails: () => {
      const page = local.receivedEmails({
        filter: { from: null, to: null, subject: null, since: null, until: null },
        page: { limit: 100, after: null, before: null },
      });
      return page.ok ? page.value.items : [];
    },
  };
}

const sns = async (message: string, changed: Readonly<Record<string, string>> = {}): Promise<Body> => {
  const text = JSON.stringify(await signed(notification(message, changed), signer));
  return { contentType: 'text/plain', bytes: Buffer.from(text) };
};
const SES = sesReceived(EIGHT_BIT_MAIL, 'BASE64');
const OTHER = Buffer.from('From: a@b.example\r\n\r\nother bytes\r\n');

it.each<readonly [string, HookSource, Body, Body]>([
  [
    'Mailgun under the same token',
    'mailgun',
    urlencoded(mailgunFields(EIGHT_BIT_MAIL)),
    urlencoded(mailgunFields(EIGHT_BIT_MAIL)),
  ],
  [
    'Mailgun under the same token, with other bytes',
    'mailgun',
    urlencoded(mailgunFields(EIGHT_BIT_MAIL)),
    multipart(mailgunFields(OTHER)),
  ],
  [
    'Mailgun under a new token',
    'mailgun',
    urlencoded(mailgunFields(EIGHT_BIT_MAIL)),
    urlencoded(mailgunFields(EIGHT_BIT_MAIL, { token: 'f'.repeat(50) })),
  ],
  [
    'SendGrid',
    'sendgrid',
    multipart(sendgridFields(EIGHT_BIT_MAIL)),
    multipart(sendgridFields(EIGHT_BIT_MAIL), 'other'),
  ],
  ['Postmark', 'postmark', postmarkJson('Subject: x\r\n\r\nx'), postmarkJson('Subject: x\r\n\r\nx')],
  ['SNS', 'ses', await sns(SES), await sns(SES, { SignatureVersion: '1' })],
  [
    'SES, published twice',
    'ses',
    await sns(SES),
    await sns(SES, { MessageId: '33b80b92-fdea-4c2c-8f9d-bdfb0c7bf324' }),
  ],
])('threats §8 r5: what %s brings again is answered 200 and stored once', async (_, source, first, again) => {
  const house = open();
  const answer = await house.post(source, first);
  expect(answer).toMatchObject({ status: 200, body: { object: 'email', duplicate: false } });
  const id = house.mails()[0]?.id;
  expect(await house.post(source, again)).toEqual({
    status: 200,
    body: { object: 'email', id, duplicate: true },
  });
  expect([house.mails().length, house.objects.keys().length]).toEqual([1, 1]);
});

it('SES, for other recipients of the same mail, is another delivery', async () => {
  const house = open();
  const receipt = { recipients: ['sales@shop.example'], action: { encoding: 'BASE64' } };
  const MessageId = '33b80b92-fdea-4c2c-8f9d-bdfb0c7bf324';
  await house.post('ses', await sns(SES));
  await house.post('ses', await sns(sesReceived(EIGHT_BIT_MAIL, 'BASE64', { receipt }), { MessageId }));
  expect(house.mails().map(({ receivedFor }) => receivedFor)).toEqual([
    ['sales@shop.example'],
    ['desk@shop.example'],
  ]);
});

it('what is kept are the exact bytes, under their SHA-256', async () => {
  const house = open();
  await house.post('mailgun', multipart(mailgunFields(EIGHT_BIT_MAIL)));
  const [mail] = house.mails();
  const sha256 = createHash('sha256').update(EIGHT_BIT_MAIL).digest('hex');
  expect(mail).toMatchObject({ source: 'mailgun', rawSha256: sha256, rawSize: EIGHT_BIT_MAIL.length });
});

it('what is not proved, too large, or for a foreign domain leaves no row and no object', async () => {
  const house = open();
  await house.post('mailgun', urlencoded(mailgunFields(EIGHT_BIT_MAIL, { signature: '0'.repeat(64) })));
  await house.post('mailgun', urlencoded(mailgunFields(Buffer.alloc(SETTINGS.maxBytes + 1, 'x'))));
  await house.post(
    'sendgrid',
    multipart(sendgridFields(EIGHT_BIT_MAIL, { envelope: '{"to":["x@elsewhere.example"],"from":""}' })),
  );
  expect([house.mails(), house.objects.keys().length]).toEqual([[], 0]);
  expect(
    await house.post(
      'mailgun',
      urlencoded(mailgunFields(EIGHT_BIT_MAIL, { recipient: 'x@elsewhere.example' })),
    ),
  ).toMatchObject({
    refusal: { code: 'delivery_refused' },
  });
});
