import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { call, send } from './inside/api.ts';
import { seenBy } from './inside/servers.ts';
import { untilState } from './inside/wait.ts';

const ACCOUNT = 'default';
const ORIGIN = 'https://mail.test';
const DAY_MS = 24 * 3_600_000;
const KIB = 1024;
/** What `crypto.getRandomValues` takes at most. */
const RANDOM_AT_ONCE = 64 * KIB;

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += RANDOM_AT_ONCE) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_AT_ONCE));
  }
  return bytes;
}

async function keysInBucket(): Promise<readonly string[]> {
  const { objects } = await env.OBJECTS.list({ prefix: `t/${ACCOUNT}/` });
  return objects.map(({ key }) => key);
}

/** The link is good by itself: no key goes with it. */
function visit(link: unknown, init: RequestInit = {}): Promise<Response> {
  expect(String(link).startsWith(`${ORIGIN}/`)).toBe(true);
  return exports.default.fetch(new Request(String(link), init));
}

/** Puts a file where the API says, and answers its id. */
async function upload(filename: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const begun = await call('POST', '/uploads', { filename, size: bytes.length });
  expect(begun.status, JSON.stringify(begun.body)).toBe(201);
  const { id, upload_url: link, method, headers } = begun.body as Record<string, string>;
  const put = await visit(link, {
    method: method ?? '',
    headers: headers as unknown as HeadersInit,
    body: bytes,
  });
  expect([put.status, await put.json()]).toEqual([200, { object: 'upload', id }]);
  return id ?? '';
}

const PDF = randomBytes(300 * KIB);
const LARGE = randomBytes(9 * KIB * KIB);
const small = new TextEncoder().encode('hi');

test('files that came inline and by upload arrive as they were, and are handed out again by a link', async () => {
  const id = await send('files@there.example', {
    html: '<p>Look: <img src="cid:logo"></p>',
    attachments: [
      { filename: 'small.txt', content: 'aGk=' },
      { upload_id: await upload('report.pdf', PDF) },
      { upload_id: await upload('large.bin', LARGE) },
      { filename: 'logo.png', content: 'iVBORw0KGgo=', content_id: 'logo' },
    ],
  });
  await untilState(ACCOUNT, id, 'sent');
  const { messages } = await seenBy('starttls');
  const message = messages.find(({ recipients }) => recipients.includes('files@there.example'));
  const parsed = await PostalMime.parse(message?.text ?? '', { attachmentEncoding: 'arraybuffer' });
  const files = parsed.attachments.map(({ filename, content }) => [
    filename,
    new Uint8Array(content as ArrayBuffer),
  ]);
  expect(files.map(([name]) => name).toSorted()).toEqual([
    'large.bin',
    'logo.png',
    'report.pdf',
    'small.txt',
  ]);
  const found = new Map(files as [string, Uint8Array][]);
  expect(found.get('small.txt')).toEqual(small);
  // `toEqual` would compare nine million numbers one by one.
  for (const [name, bytes] of [['report.pdf', PDF] as const, ['large.bin', LARGE] as const]) {
    expect(crypto.subtle.timingSafeEqual(found.get(name) ?? small, bytes), name).toBe(true);
  }

  const { body } = await call('GET', `/emails/${id}/attachments`);
  const listed = body['data'] as readonly Record<string, unknown>[];
  const report = listed.find(({ filename }) => filename === 'report.pdf');
  const download = await visit(report?.['download_url']);
  expect(download.headers.get('content-disposition')).toContain('report.pdf');
  expect(crypto.subtle.timingSafeEqual(new Uint8Array(await download.arrayBuffer()), PDF)).toBe(true);
  const bent = String(report?.['download_url']).replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  expect((await visit(bent)).status).toBe(403);
});

test('a body that is not what was announced is not kept', async () => {
  const begun = await call('POST', '/uploads', { filename: 'a.bin', size: 10 });
  const before = await keysInBucket();
  const headers = begun.body['headers'] as HeadersInit;
  const put = await visit(begun.body['upload_url'], { method: 'PUT', headers, body: randomBytes(11) });
  expect(put.status).toBe(422);
  expect(await keysInBucket()).toEqual(before);
});

test('what no mail names any more is gone from the bucket: at once when a mail is removed, else by the sweep', async () => {
  const content = btoa('only this mail has these bytes');
  const id = await send('gone@there.example', { attachments: [{ filename: 'only.txt', content }] });
  await untilState(ACCOUNT, id, 'sent');
  const before = await keysInBucket();
  expect((await call('DELETE', `/emails/${id}`)).status).toBe(200);
  expect(await keysInBucket()).toHaveLength(before.length - 1);

  const stub = env.MAILROOM.getByName(ACCOUNT);
  await runInDurableObject(stub, (object) => {
    object.clock = () => Date.now() + 31 * DAY_MS;
  });
  await runDurableObjectAlarm(stub);
  while ((await keysInBucket()).length > 0) await runInDurableObject(stub, () => scheduler.wait(5));
});
