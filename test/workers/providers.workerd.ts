import { exports } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import {
  type Body,
  EIGHT_BIT_MAIL,
  mailgunFields,
  multipart,
  postmarkJson,
  sendgridFields,
  urlencoded,
} from '../inbound/hooks/payloads.ts';
import { call } from './inside/api.ts';

async function urlFor(source: string): Promise<string> {
  const { status, body } = await call('POST', '/inbound/urls', { source, to: 'desk@mine.example' });
  expect(status).toBe(201);
  return String(body['url']);
}

async function post(url: string, { contentType, bytes }: Body): Promise<Response> {
  const body = Uint8Array.from(bytes);
  return await exports.default.fetch(
    new Request(url, { method: 'POST', headers: { 'content-type': contentType }, body }),
  );
}

async function rawOf(response: Response): Promise<Buffer> {
  expect(response.status).toBe(200);
  const { id } = (await response.json()) as { readonly id: string };
  const { body } = await call('GET', `/emails/receiving/${id}`);
  const { download_url: link } = body['raw'] as { readonly download_url: string };
  return Buffer.from(await (await exports.default.fetch(new Request(link))).arrayBuffer());
}

test('what a provider posts is kept byte for byte, once', async () => {
  const url = await urlFor('sendgrid');
  const form = multipart(sendgridFields(EIGHT_BIT_MAIL));
  expect(await rawOf(await post(url, form))).toEqual(EIGHT_BIT_MAIL);
  expect(await (await post(url, form)).json()).toMatchObject({ duplicate: true });
  const text = 'Subject: 한국어\r\n\r\n"hello" \\ 😀\r\n';
  const raw = await rawOf(await post(await urlFor('postmark'), postmarkJson(text)));
  expect(raw.toString('utf8')).toBe(text);
});

test('a mail of ten megabytes comes through', async () => {
  const big = Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.alloc(10_000_000, 'big\r\n')]);
  const raw = await rawOf(await post(await urlFor('sendgrid'), multipart(sendgridFields(big))));
  expect(raw.equals(big)).toBe(true);
});

test('threats §8 r9: without their settings, those that sign are answered 503', async () => {
  expect((await post(await urlFor('mailgun'), urlencoded(mailgunFields(EIGHT_BIT_MAIL)))).status).toBe(503);
  const json = { contentType: 'text/plain', bytes: Buffer.from('{}') };
  expect((await post(await urlFor('ses'), json)).status).toBe(503);
});

test('threats §8 r3: an altered URL is 401', async () => {
  const url = (await urlFor('postmark')).replace('/inbound/postmark/', '/inbound/postmark/x');
  expect((await post(url, postmarkJson('Subject: x\r\n\r\n'))).status).toBe(401);
});
