import { createHash, randomBytes } from 'node:crypto';
import { Resend } from 'resend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesIn } from '../http/attached.ts';
import { partsByPython } from '../mime/python-parts.ts';
import { startWebStub, type WebStub } from '../support/web-stub.ts';
import { type SdkService, startForSdk } from './sdk-service.ts';

type Resend4 = import('resend-4').Resend;

let service: SdkService;
let web: WebStub;
let sdk: Resend;
let sdk4: Resend4;
let arrived = 0;

beforeAll(async () => {
  web = await startWebStub();
  service = await startForSdk({ EGRESS_ALLOW: '127.0.0.1', RATE_LIMIT: '0' });
  sdk = new Resend(service.key, { baseUrl: service.url });
  // This version reads its base URL when it is imported.
  process.env['RESEND_BASE_URL'] = service.url;
  const { Resend: Old } = await import('resend-4');
  sdk4 = new Old(service.key);
}, 30_000);
afterAll(async () => {
  await service.stop();
  await web.close();
});

const MAIL = {
  from: 'hello@mine.example',
  to: 'ada@people.example',
  subject: 'Files',
  html: '<p>Files.</p>',
};
const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(200_000)]);
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(5000)]);

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The message that arrives next at the catch-all, over SMTP. */
async function next(): Promise<string> {
  arrived += 1;
  const messages = await service.caught(arrived);
  return messages.at(-1) ?? '';
}

/** Files of a message as two programs find them that are not ours: name, type and checksum. */
async function found(message: string): Promise<readonly (readonly [string | null, string, string])[]> {
  const files = (await filesIn(message)).map(
    ({ filename, type, bytes }) => [filename, type, sha256(bytes)] as const,
  );
  const [parts = []] = partsByPython([Buffer.from(message, 'latin1')]);
  const attached = parts.filter(({ disposition }) => disposition !== null);
  expect(attached.map(({ filenames, content }) => [filenames[0], sha256(content)])).toEqual(
    files.map(([filename, , hash]) => [filename, hash]),
  );
  return files;
}

describe('files through the real process, to the message that arrives over SMTP', () => {
  test('resend 6.38: a Buffer, a Uint8Array, base64, a path and an inline image', async () => {
    const sent = await sdk.emails.send({
      ...MAIL,
      html: '<p>Look: <img src="cid:logo"></p>',
      attachments: [
        { filename: '보고서.pdf', content: PDF },
        // Its types know a Buffer only; what it sends for a Uint8Array is what counts.
        { filename: 'bytes.bin', content: new Uint8Array(PNG) as Buffer },
        { filename: 'text.txt', content: Buffer.from('hi').toString('base64') },
        { path: `${web.origin}/bytes/50000` },
        { filename: 'logo.png', content: PNG, contentId: 'logo' },
      ],
    });
    expect(sent.error).toBeNull();
    const message = await next();
    expect(await found(message)).toEqual(
      expect.arrayContaining([
        ['보고서.pdf', 'application/pdf', sha256(PDF)],
        ['bytes.bin', 'application/octet-stream', sha256(PNG)],
        ['text.txt', 'text/plain', sha256(Buffer.from('hi'))],
        ['50000', 'application/octet-stream', sha256(Buffer.alloc(50_000, 'x'))],
        ['logo.png', 'image/png', sha256(PNG)],
      ]),
    );
    const inline = (await filesIn(message)).filter(({ disposition }) => disposition === 'inline');
    expect(inline).toMatchObject([{ contentId: 'logo', filename: 'logo.png' }]);
    expect(web.requests.map(({ path }) => path)).toEqual(['/bytes/50000']);
  });

  test('resend 4.8: binary in its own spelling, and its older name for a content id', async () => {
    const attachments = [
      { filename: 'report.pdf', content: PDF },
      { filename: 'logo.png', content: PNG, inlineContentId: 'logo', contentType: 'image/png' },
    ];
    const { error } = await sdk4.emails.send({ ...MAIL, html: '<img src="cid:logo">', attachments });
    expect(error).toBeNull();
    const message = await next();
    expect(await found(message)).toEqual(
      expect.arrayContaining([
        ['report.pdf', 'application/pdf', sha256(PDF)],
        ['logo.png', 'image/png', sha256(PNG)],
      ]),
    );
    expect(message).toMatch(/^Content-Id: <logo>\r$/im);
  });

  test('a batch carries files, and a scheduled mail keeps them', async () => {
    const attachments = [{ filename: 'report.pdf', content: PDF }];
    // Its types leave attachments out of a batch; what it sends is what counts.
    const mails = [
      { ...MAIL, attachments },
      { ...MAIL, attachments, scheduledAt: 'in 1 hour' },
    ];
    const sent = await sdk.batch.send(mails);
    expect(sent.error).toBeNull();
    expect(await found(await next())).toEqual([['report.pdf', 'application/pdf', sha256(PDF)]]);
    const later = sent.data?.data[1]?.id ?? '';
    const listed = await sdk.emails.attachments.list({ emailId: later });
    expect(listed.data?.data).toMatchObject([{ filename: 'report.pdf', size: PDF.length }]);
  });

  test('are read back by the SDK, and downloaded by their signed link without a key', async () => {
    const sent = await sdk.emails.send({ ...MAIL, attachments: [{ filename: 'a.html', content: PDF }] });
    await next();
    const emailId = sent.data?.id ?? '';
    const listed = await sdk.emails.attachments.list({ emailId });
    const id = listed.data?.data[0]?.id ?? '';
    const { data } = await sdk.emails.attachments.get({ emailId, id });
    expect(data).toMatchObject({ object: 'attachment', id, filename: 'a.html', content_type: 'text/html' });
    const answer = await fetch(data?.download_url ?? '');
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(PDF));
    expect(answer.headers.get('content-disposition')).toContain('filename="a.html"');
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect((await fetch(`${data?.download_url}x`)).status).toBe(403);
  });

  test('of 25 MiB go past the JSON: uploaded to a signed link, named by the SDK as a path', async () => {
    const bytes = randomBytes(25 * 1024 * 1024);
    const begun = await fetch(`${service.url}/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.key}` },
      body: JSON.stringify({ filename: 'large.bin', size: bytes.length, sha256: sha256(bytes) }),
    });
    const upload = (await begun.json()) as {
      readonly id: string;
      readonly method: string;
      readonly upload_url: string;
      readonly headers: Record<string, string>;
    };
    const put = await fetch(upload.upload_url, {
      method: upload.method,
      headers: upload.headers,
      body: bytes,
    });
    expect(put.status).toBe(200);
    const sent = await sdk.emails.send({ ...MAIL, attachments: [{ path: `upload:${upload.id}` }] });
    expect(sent.error).toBeNull();
    const [file] = await filesIn(await next());
    expect(file).toMatchObject({ filename: 'large.bin' });
    expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(bytes));
  });

  test('that are refused are refused by name, and nothing is sent', async () => {
    const { error } = await sdk.emails.send({
      ...MAIL,
      attachments: [{ filename: 'run.exe', content: PDF }],
    });
    expect(error).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      field: 'attachments[0].filename',
    });
    const elsewhere = await sdk.emails.send({ ...MAIL, attachments: [{ path: 'https://10.0.0.1/x' }] });
    expect(elsewhere.error).toMatchObject({ name: 'invalid_attachment', field: 'attachments[0].path' });
  });
});
