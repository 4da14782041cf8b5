import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { filesIn } from '../http/attached.ts';
import { Place } from '../support/place.ts';
import { type S3Server, startS3Server } from '../support/s3-server.ts';
import { startSmtpSink } from '../support/smtp-sink.ts';
import { type SdkService, startForSdk } from './sdk-service.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const MAIL = { from: 'hello@mine.example', to: 'ada@people.example', subject: 'Files', text: 'Files.' };

interface Api {
  readonly url: string;
  readonly key: string;
}

async function post(api: Api, path: string, body: unknown) {
  const answer = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}` },
    body: JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
  return { status: answer.status, body: (await answer.json()) as any };
}

describe('with a bucket that speaks S3', () => {
  let bucket: S3Server;
  let service: SdkService;

  beforeAll(async () => {
    bucket = await startS3Server();
    const { endpoint, region, bucket: name, accessKeyId, secretAccessKey } = bucket.settings;
    service = await startForSdk({
      S3_ENDPOINT: endpoint ?? '',
      S3_REGION: region,
      S3_BUCKET: name,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
      S3_FORCE_PATH_STYLE: 'true',
    });
  }, 30_000);
  afterAll(() => service.stop());

  test('an upload goes straight into the bucket, and out over SMTP', async () => {
    const bytes = randomBytes(8 * 1024 * 1024);
    const asked = { filename: 'large.bin', size: bytes.length, sha256: sha256(bytes) };
    const { body: upload } = await post(service, '/uploads', asked);
    expect(upload.upload_url.startsWith(`${bucket.url}/`)).toBe(true);
    const put = await fetch(upload.upload_url, { method: 'PUT', headers: upload.headers, body: bytes });
    expect(put.status).toBe(200);
    const sent = await post(service, '/emails', { ...MAIL, attachments: [{ upload_id: upload.id }] });
    expect(sent.body).toEqual({ id: expect.any(String) });
    const [message = ''] = await service.caught(1);
    const [file] = await filesIn(message);
    expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(bytes));
    expect(await bucket.keys()).toContain(`t/default/${sha256(bytes)}`);
  });

  test('threats §12 r4: the link takes no other length, type or method', async () => {
    const bytes = randomBytes(1000);
    const { body: upload } = await post(service, '/uploads', { filename: 'a.pdf', size: bytes.length });
    const put = (init: RequestInit) => fetch(upload.upload_url, { headers: upload.headers, ...init });
    expect((await put({ method: 'PUT', body: bytes.subarray(1) })).status).toBe(403);
    expect((await put({ method: 'PUT', body: bytes, headers: { 'content-type': 'text/html' } })).status).toBe(
      403,
    );
    expect((await put({ method: 'DELETE' })).status).toBe(403);
    const early = await post(service, '/emails', { ...MAIL, attachments: [{ upload_id: upload.id }] });
    expect(early.body).toMatchObject({ statusCode: 422, name: 'invalid_attachment' });
    expect((await put({ method: 'PUT', body: bytes })).status).toBe(200);
  });

  test('inline content and a download go through the bucket too', async () => {
    const bytes = randomBytes(300_000);
    const sent = await post(service, '/emails', {
      ...MAIL,
      scheduled_at: 'in 1 hour',
      attachments: [{ filename: 'a.bin', content: bytes.toString('base64') }],
    });
    const listed = await fetch(`${service.url}/emails/${sent.body.id}/attachments`, {
      headers: { authorization: `Bearer ${service.key}` },
    });
    const { data } = (await listed.json()) as { data: { download_url: string }[] };
    const download = await fetch(data[0]?.download_url ?? '');
    expect(sha256(new Uint8Array(await download.arrayBuffer()))).toBe(sha256(bytes));
    await bucket.flip(`t/default/${sha256(bytes)}`);
    const damaged = await fetch(data[0]?.download_url ?? '');
    await expect(damaged.arrayBuffer()).rejects.toThrow();
  });

  // The last: there is no bucket after it.
  test('a bucket that is gone is 503, and nothing was accepted', async () => {
    await bucket.close();
    const attachments = [{ filename: 'a.txt', content: 'aGk=' }];
    const refused = await post(service, '/emails', { ...MAIL, attachments });
    expect(refused.body).toMatchObject({ statusCode: 503, name: 'application_error' });
    expect((await post(service, '/emails', MAIL)).status).toBe(200);
  }, 60_000);
});

test('a relay that announces a smaller SIZE lowers the limit, and the error names its number', async () => {
  const place = await Place.open();
  const sink = await startSmtpSink({ server: { size: 5_000_000 } });
  try {
    const key = 'operator-key-for-the-size-journey';
    const { url } = await place.start({
      API_KEY: key,
      DOMAINS: 'mine.example',
      RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    });
    const api = { url, key };
    // Nothing is known of a relay that was never connected to.
    expect((await post(api, '/emails', MAIL)).status).toBe(200);
    await sink.taken(1);
    const attachments = [{ filename: 'a.bin', content: Buffer.alloc(4_000_000).toString('base64') }];
    const refused = await post(api, '/emails', { ...MAIL, attachments });
    expect(refused.body).toMatchObject({
      statusCode: 413,
      name: 'validation_error',
      message: 'The message is too large. At most 5000000 bytes are allowed.',
      field: 'attachments',
    });
  } finally {
    await place.close();
    await sink.close();
  }
});
