import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Body,
  EIGHT_BIT_MAIL,
  mailgunFields,
  multipart,
  postmarkJson,
  SIGNING_KEY,
  sendgridFields,
  urlencoded,
} from '../inbound/hooks/payloads.ts';
import { type MailIn, startMailIn } from '../support/mail-in.ts';

let service: MailIn;

beforeAll(async () => {
  service = await startMailIn({
    settings: { RECEIVING_DOMAINS: 'shop.example', MAILGUN_SIGNING_KEY: SIGNING_KEY },
  });
});

afterAll(() => service.stop());

interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function urlFor(asked: object): Promise<string> {
  const response = await fetch(`${service.url}/inbound/urls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  expect(response.status).toBe(201);
  const { url } = (await response.json()) as { readonly url: string };
  return url;
}

async function post(url: string, { contentType, bytes }: Body): Promise<Said> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: Uint8Array.from(bytes),
  });
  return { status: response.status, body: (await response.json()) as Said['body'] };
}

function numbered(n: number): Buffer {
  return Buffer.concat([Buffer.from(`X-Number: ${n}\r\n`), EIGHT_BIT_MAIL]);
}

async function expectKept(said: Said, raw: Uint8Array): Promise<void> {
  expect(said).toMatchObject({ status: 200, body: { object: 'email', duplicate: false } });
  const sha256 = createHash('sha256').update(raw).digest('hex');
  expect(await service.rawSha256(String(said.body['id']))).toBe(sha256);
}

/** As Mailgun signs it now. */
const ofMailgun = (raw: Uint8Array, changed: Readonly<Record<string, string>> = {}) =>
  mailgunFields(raw, { timestamp: String(Math.floor(Date.now() / 1000)), ...changed });

test('what each provider posts to its URL is kept byte for byte', async () => {
  const mailgun = await urlFor({ source: 'mailgun' });
  expect(mailgun).toMatch(/mime$/); // or Mailgun would not post the raw message
  await expectKept(await post(mailgun, urlencoded(ofMailgun(numbered(1)))), numbered(1));
  const token = 'f'.repeat(50);
  await expectKept(await post(mailgun, multipart(ofMailgun(numbered(2), { token }))), numbered(2));
  const sendgrid = await urlFor({ source: 'sendgrid' });
  await expectKept(await post(sendgrid, multipart(sendgridFields(numbered(3)))), numbered(3));
  const postmark = await urlFor({ source: 'postmark' });
  const text = 'Subject: 한국어\r\n\r\n"hello" \\ 😀\r\n';
  await expectKept(await post(postmark, postmarkJson(text)), Buffer.from(text));
});

test('a URL for one address is for that address, whatever the provider says', async () => {
  const url = await urlFor({ source: 'sendgrid', to: 'sales@shop.example' });
  const fields = sendgridFields(numbered(4), { envelope: '{"to":["x@elsewhere.example"],"from":""}' });
  const { body } = await post(url, multipart(fields));
  expect(await service.get(`/emails/receiving/${String(body['id'])}`)).toMatchObject({
    received_for: ['sales@shop.example'],
  });
});

test('threats §8 r3, r9: what is not proved is 401, what cannot be proved is 503, and nothing is kept', async () => {
  const before = await service.get('/emails/receiving?limit=100');
  const [mailgun, postmark, ses] = await Promise.all(
    ['mailgun', 'postmark', 'ses'].map((source) => urlFor({ source })),
  );
  const forged = urlencoded(ofMailgun(numbered(5), { signature: '0'.repeat(64) }));
  const json = postmarkJson('Subject: x\r\n\r\n5');
  const altered = String(postmark).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const unproved = [
    await post(String(mailgun), forged),
    await post(String(mailgun).replace(/\.mime$/, 'x.mime'), urlencoded(ofMailgun(numbered(5)))),
    await post(altered, json),
    await post(String(postmark).replace('/postmark/', '/sendgrid/'), multipart(sendgridFields(numbered(5)))),
  ];
  for (const said of unproved)
    expect(said).toMatchObject({ status: 401, body: { name: 'validation_error', statusCode: 401 } });
  expect(await post(String(ses), { contentType: 'text/plain', bytes: Buffer.from('{}') })).toMatchObject({
    status: 503,
    body: { message: expect.stringContaining('SES_TOPIC_ARNS') },
  });
  expect(await service.get('/emails/receiving?limit=100')).toEqual(before);
});

test('a mail that is refused for good is answered so that the provider stops', async () => {
  const mailgun = await urlFor({ source: 'mailgun' });
  const recipient = 'x@elsewhere.example';
  expect((await post(mailgun, urlencoded(ofMailgun(numbered(6), { recipient })))).status).toBe(406);
  const postmark = await urlFor({ source: 'postmark' });
  const json = postmarkJson('Subject: x\r\n\r\n6', { OriginalRecipient: recipient });
  expect((await post(postmark, json)).status).toBe(403);
});
