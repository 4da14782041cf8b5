import { Resend } from 'resend';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { filesIn } from '../http/attached.ts';
import { type SdkService, startForSdk } from './sdk-service.ts';

let service: SdkService;
let resend: Resend;
let id: string;

const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'base64');
const FILE = Buffer.alloc(70_000, 'file ');
const lines = (bytes: Buffer) => bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
const MESSAGE = `From: =?utf-8?B?7JWE64uk?= <ada@people.example>
To: support@mine.example
Subject: =?utf-8?B?7J2067Kk7Yq4?=
Message-ID: <first@people.example>
X-Thing: one
X-Thing: two
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=out

--out
Content-Type: multipart/related; boundary=in

--in
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>안녕 <img src="cid:logo@mail"></p>
--in
Content-Type: image/png
Content-ID: <logo@mail>
Content-Disposition: inline
Content-Transfer-Encoding: base64

${lines(PNG)}
--in--

--out
Content-Type: application/pdf; name="report.pdf"
Content-Disposition: attachment; filename="report.pdf"
Content-Transfer-Encoding: base64

${lines(FILE)}
--out--
`.replace(/\r?\n/g, '\r\n');

beforeAll(async () => {
  service = await startForSdk();
  resend = new Resend(service.key, { baseUrl: service.url });
  const query = 'from=ada@people.example&to=support%2B47@mine.example';
  const response = await fetch(`${service.url}/inbound/mime?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'message/rfc822' },
    body: MESSAGE,
  });
  expect(response.status).toBe(200);
  ({ id } = (await response.json()) as { id: string });
  const isRead = async () => expect(data(await resend.emails.receiving.get(id)).html).not.toBeNull();
  await vi.waitFor(isRead, { timeout: 15_000, interval: 100 });
}, 40_000);
afterAll(() => service.stop());

/** The data of a call that went well. */
function data<T>(result: { readonly data: T | null; readonly error: unknown }): T {
  expect(result.error).toBeNull();
  if (result.data === null) throw new Error('An answer without data');
  return result.data;
}

async function bytesAt(url: string): Promise<Buffer> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

/** The exact bytes of the mail that was sent under this subject. */
async function sentWith(subject: string): Promise<Buffer> {
  const { data: mails } = data(await resend.emails.list({ limit: 10 }));
  const mail = mails.find((one) => one.subject === subject);
  const response = await fetch(`${service.url}/emails/${mail?.id}/raw`, {
    headers: { authorization: `Bearer ${service.key}` },
  });
  return Buffer.from(await response.arrayBuffer());
}

async function api<Answer>(path: string): Promise<Answer> {
  const response = await fetch(service.url + path, { headers: { authorization: `Bearer ${service.key}` } });
  return (await response.json()) as Answer;
}

describe('the resend SDK 6.38, unmodified, reading received mail', () => {
  test('lists it', async () => {
    const list = data(await resend.emails.receiving.list({ limit: 5 }));
    expect(list).toMatchObject({ object: 'list', has_more: false });
    expect(list.data).toMatchObject([
      { id, from: '아다 <ada@people.example>', to: ['support@mine.example'], subject: '이벤트' },
    ]);
  });

  test('reads it, with its images in the HTML or by their ids', async () => {
    const mail = data(await resend.emails.receiving.get(id));
    expect(mail).toMatchObject({
      object: 'email',
      id,
      received_for: ['support+47@mine.example'],
      bcc: [],
      cc: [],
      reply_to: [],
      message_id: '<first@people.example>',
    });
    expect(mail.headers?.['x-thing']).toBe('one, two');
    expect(mail.html).toContain(`<img src="data:image/png;base64,${PNG.toString('base64')}">`);
    const kept = data(await resend.emails.receiving.get(id, { html_format: 'cid' }));
    expect(kept.html).toContain('안녕 <img src="cid:logo@mail">');
    expect((await bytesAt(mail.raw?.download_url ?? '')).toString()).toBe(MESSAGE);
  });

  test('gets its files', async () => {
    const { data: files } = data(await resend.emails.receiving.attachments.list({ emailId: id }));
    const report = files.find(({ filename }) => filename === 'report.pdf');
    const logo = files.find(({ content_id: contentId }) => contentId === 'logo@mail');
    expect(report).toMatchObject({ content_type: 'application/pdf', size: FILE.length });
    expect(logo).toMatchObject({ content_type: 'image/png', content_disposition: 'inline' });
    const one = data(await resend.emails.receiving.attachments.get({ emailId: id, id: report?.id ?? '' }));
    expect((await bytesAt(one.download_url)).equals(FILE)).toBe(true);
  });

  test('forwards it as it was, and wrapped in a new mail', async () => {
    const [from, to] = ['Desk <desk@mine.example>', 'boss@people.example'];
    data(await resend.emails.receiving.forward({ emailId: id, from, to }));
    const passed = await filesIn(await sentWith('이벤트'));
    expect(passed.find(({ contentId }) => contentId === 'logo@mail')?.bytes.equals(PNG)).toBe(true);
    expect(passed.find(({ filename }) => filename === 'report.pdf')?.bytes.equals(FILE)).toBe(true);
    const text = 'Have a look.';
    data(await resend.emails.receiving.forward({ emailId: id, from, to, passthrough: false, text }));
    const [wrapped] = await filesIn(await sentWith('Fwd: 이벤트'));
    expect([wrapped?.filename, wrapped?.bytes.toString()]).toEqual(['forwarded_message.eml', MESSAGE]);
  });

  test('hears what is not there', async () => {
    const { error } = await resend.emails.receiving.get(crypto.randomUUID());
    expect(error).toMatchObject({ statusCode: 404, name: 'not_found', message: 'Email not found' });
  });
});

test('what was sent comes back as received mail, with nothing configured', async () => {
  const subject = `Circle ${crypto.randomUUID()}`;
  const text = 'It comes back.';
  data(await resend.emails.send({ from: 'me@mine.example', to: 'you@anywhere.example', subject, text }));
  const found = async () =>
    (await api<{ data: { id: string }[] }>(`/emails/receiving?subject=${encodeURIComponent(subject)}`)).data;
  await expect.poll(found, { timeout: 10_000 }).toHaveLength(1);
});
