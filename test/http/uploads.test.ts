import { describe, expect, test } from 'vitest';
import { WrongBytes } from '../../src/objects/store.ts';
import { memoryObjects } from '../support/memory-objects.ts';
import { filesIn, rawOf, refused, sent, sha256 } from './attached.ts';
import { type CallOptions, type House, house, mail, NOON } from './house.ts';

const ORIGIN = 'http://127.0.0.1:3025';
const MIB = 1024 * 1024;
const BYTES = Buffer.alloc(300_000, 'some bytes ');
const MINUTE = 60_000;

const ASKED = { filename: 'report.pdf', size: BYTES.length };

interface Begun {
  readonly id: string;
  /** The path of the link. */
  readonly link: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function begin(it: House, over: Readonly<Record<string, unknown>> = {}, key?: string): Promise<Begun> {
  const answer = await it.call('POST', '/uploads', {
    body: { ...ASKED, ...over },
    ...(key !== undefined && { key }),
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  const { id, upload_url, headers } = answer.body;
  expect(upload_url.startsWith(`${ORIGIN}/uploads/`)).toBe(true);
  return { id, link: upload_url.slice(ORIGIN.length), headers };
}

function put(it: House, { link, headers }: Begun, body: Uint8Array = BYTES, over: CallOptions = {}) {
  return it.call('PUT', link, { key: null, body, headers, ...over });
}

async function uploaded(it: House, over: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const begun = await begin(it, over);
  const answer = await put(it, begun);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  expect(answer.body).toEqual({ object: 'upload', id: begun.id });
  return begun.id;
}

describe('POST /uploads', () => {
  test('answers where the bytes go, for a quarter of an hour, and until when mails may name them', async () => {
    const answer = await house().call('POST', '/uploads', { body: ASKED });
    expect(answer.body).toEqual({
      object: 'upload',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: 'PUT',
      upload_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:3025\/uploads\/[A-Za-z0-9_.-]+$/),
      headers: { 'content-type': 'application/pdf' },
      expires_at: new Date(NOON + 15 * MINUTE).toISOString(),
      usable_until: new Date(NOON + 24 * 60 * MINUTE).toISOString(),
    });
  });

  test('is open to a key that may only send: the file is a part of what it sends', async () => {
    const it = house();
    const key = await it.newKey({ permission: 'sending_access' });
    expect(await begin(it, {}, key)).toMatchObject({ headers: { 'content-type': 'application/pdf' } });
  });

  test.each([
    [{ filename: undefined }, 'missing_required_field', 'filename'],
    [{ filename: '' }, 'missing_required_field', 'filename'],
    [{ filename: '../x' }, 'invalid_attachment', 'filename'],
    [{ filename: 'a\r\nX: 1' }, 'invalid_attachment', 'filename'],
    [{ filename: 'a.exe' }, 'invalid_attachment', 'filename'],
    [{ filename: 7 }, 'validation_error', 'filename'],
    [{ size: undefined }, 'missing_required_field', 'size'],
    [{ size: 0 }, 'validation_error', 'size'],
    [{ size: -1 }, 'validation_error', 'size'],
    [{ size: 1.5 }, 'validation_error', 'size'],
    [{ size: '7' }, 'validation_error', 'size'],
    [{ size: 40 * MIB }, 'validation_error', 'size'],
    [{ content_type: 'multipart/mixed' }, 'invalid_attachment', 'content_type'],
    [{ content_type: 'a\r\nX: 1' }, 'invalid_attachment', 'content_type'],
    [{ sha256: 'x' }, 'validation_error', 'sha256'],
  ])('refuses %j', async (over, name, field) => {
    const answer = await house().call('POST', '/uploads', { body: { ...ASKED, ...over } });
    expect(answer.body).toMatchObject({ statusCode: 422, name, field });
  });

  test('names the largest file that fits into a message', async () => {
    const size = (it: House) => it.call('POST', '/uploads', { body: { ...ASKED, size: 39 * MIB } });
    expect((await size(house())).body.message).toContain('30650667 bytes');
    const less = house({}, { relayLimit: () => 10 * MIB });
    expect((await size(less)).body.message).toContain('10 MiB');
  });
});

describe('PUT to the link', () => {
  test('takes the file, and mails may carry it', async () => {
    const it = house();
    const id = await uploaded(it);
    const [file] = await sent([{ upload_id: id }], {}, it);
    expect(file).toMatchObject({ filename: 'report.pdf', type: 'application/pdf' });
    expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(BYTES));
  });

  test('takes a file whose hash was announced', async () => {
    const it = house();
    const id = await uploaded(it, { sha256: sha256(BYTES).toUpperCase() });
    await sent([{ upload_id: id }], {}, it);
  });

  test('may be repeated', async () => {
    const it = house();
    const begun = await begin(it);
    expect((await put(it, begun)).status).toBe(200);
    expect((await put(it, begun)).status).toBe(200);
  });

  test.each([
    ['one byte less', BYTES.subarray(1)],
    ['one byte more', Buffer.concat([BYTES, Buffer.from('x')])],
    ['nothing', Buffer.alloc(0)],
  ])('threats §12 r4: %s is not taken, whether its length is said or not', async (_, body) => {
    const it = house();
    const begun = await begin(it);
    const headers = { ...begun.headers, 'content-length': String(body.length) };
    expect((await put(it, begun, body, { headers })).body).toMatchObject({ statusCode: 422, field: 'body' });
    expect((await put(it, begun, body)).body).toMatchObject({ statusCode: 422, field: 'body' });
    expect(it.store.keys()).toEqual([]);
  });

  test('threats §12 r4: what never ends is cut off where the file should have ended', async () => {
    const it = house();
    const begun = await begin(it);
    let given = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const request = new Request(`${ORIGIN}${begun.link}`, {
      method: 'PUT',
      body,
      headers: begun.headers,
      duplex: 'half',
    } as RequestInit);
    expect((await it.request(request)).status).toBe(422);
    expect(given).toBeLessThan(BYTES.length + 3 * 65_536);
    expect(it.store.keys()).toEqual([]);
  });

  test('threats §12 r4: other bytes than those whose hash was announced are not taken', async () => {
    const it = house();
    const begun = await begin(it, { sha256: sha256(Buffer.from('others')) });
    expect((await put(it, begun)).status).toBe(422);
    expect(it.store.keys()).toEqual([]);
  });

  test.each([{ 'content-type': 'text/html' }, {}, { 'content-encoding': 'gzip' }])(
    'threats §12 r4: another type or encoding is not taken: %j',
    async (headers) => {
      const it = house();
      const begun = await begin(it);
      const kept = 'content-encoding' in headers ? begun.headers : {};
      const answer = await put(it, begun, BYTES, { headers: { ...kept, ...headers } });
      expect(answer.status).toBe(422);
      expect(it.store.keys()).toEqual([]);
    },
  );

  test('threats §12 r4: after a quarter of an hour it is closed', async () => {
    const it = house();
    const begun = await begin(it);
    it.now += 15 * MINUTE - 1;
    expect((await put(it, begun)).status).toBe(200);
    it.now += 1;
    expect((await put(it, begun)).body).toMatchObject({ statusCode: 403, name: 'validation_error' });
  });

  test('threats §12 r4: another method, a changed character or the link of a download opens nothing', async () => {
    const it = house();
    const begun = await begin(it);
    for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) {
      expect((await it.call(method, begun.link, { key: null })).status).toBe(405);
    }
    for (let at = '/uploads/'.length; at < begun.link.length; at += 1) {
      const other = begun.link[at] === 'A' ? 'B' : 'A';
      const link = begun.link.slice(0, at) + other + begun.link.slice(at + 1);
      expect((await put(it, { ...begun, link })).status, link).toBe(403);
    }
    const download = begun.link.replace('/uploads/', '/downloads/');
    expect((await it.call('GET', download, { key: null })).status).toBe(403);
    expect(it.store.keys()).toEqual([]);
  });

  test('whose client goes away leaves nothing', async () => {
    const it = house();
    const begun = await begin(it);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(1000));
        controller.error(new Error('gone'));
      },
    });
    const init = { method: 'PUT', body, headers: begun.headers, duplex: 'half' } as RequestInit;
    expect((await it.request(new Request(`${ORIGIN}${begun.link}`, init))).status).toBe(422);
    expect(it.store.keys()).toEqual([]);
    expect(it.log).toEqual([]);
  });

  test('while storage is down is 503', async () => {
    const it = house();
    const begun = await begin(it);
    it.store.isDown = true;
    expect((await put(it, begun)).status).toBe(503);
  });
});

describe('an upload in a mail', () => {
  test('is named by its id, or by a path for SDKs that drop keys they do not know', async () => {
    const it = house();
    const id = await uploaded(it);
    for (const attachment of [
      { upload_id: id.toUpperCase() },
      { path: `upload:${id}` },
      { path: `upload:${id}`, filename: 'other.csv', content_type: 'text/csv', content_id: 'x' },
    ]) {
      const [file] = await sent([attachment], {}, it);
      expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(BYTES));
    }
    const [file] = await sent([{ upload_id: id, filename: 'other.csv' }], {}, it);
    expect(file).toMatchObject({ filename: 'other.csv', type: 'text/csv' });
    expect(it.fetched).toEqual([]);
  });

  test('is copied to its content key: what is put to the link later changes nothing', async () => {
    const it = house();
    const begun = await begin(it);
    await put(it, begun);
    const { body } = await it.call('POST', '/emails', {
      body: mail({ attachments: [{ upload_id: begun.id }] }),
    });
    const other = Buffer.alloc(BYTES.length, 'other bytes');
    expect((await put(it, begun, other)).status).toBe(200);
    const second = await it.call('POST', '/emails', {
      body: mail({ attachments: [{ upload_id: begun.id }] }),
    });
    for (const id of [body.id, second.body.id]) {
      const [file] = await filesIn(await rawOf(it, id));
      expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(BYTES));
    }
  });

  test('is carried by many mails until it ends', async () => {
    const it = house();
    const id = await uploaded(it);
    const attachments = [{ upload_id: id }, { path: `upload:${id}`, filename: 'again.pdf' }];
    const body = Array.from({ length: 10 }, () => mail({ attachments }));
    expect((await it.call('POST', '/emails/batch', { body })).status).toBe(200);
    it.now += 24 * 60 * MINUTE - 1;
    await sent([{ upload_id: id }], {}, it);
    it.now += 1;
    const late = await it.call('POST', '/emails', { body: mail({ attachments: [{ upload_id: id }] }) });
    expect(late.body).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      message: expect.stringContaining('expired'),
      field: 'attachments[0].upload_id',
    });
  });

  test('costs two calls to the room, in a large request three', async () => {
    const it = house();
    const id = await uploaded(it);
    it.verbs.length = 0;
    await it.call('POST', '/emails', { body: mail({ attachments: [{ upload_id: id }] }) });
    expect(it.verbs).toEqual(['admit', 'accept']);
    it.verbs.length = 0;
    const content = Buffer.alloc(MIB).toString('base64');
    await it.call('POST', '/emails', { body: mail({ attachments: [{ upload_id: id }, { content }] }) });
    expect(it.verbs).toEqual(['admit', 'admit', 'accept']);
  });

  test.each([
    ['unknown', crypto.randomUUID(), 'attachments[0].upload_id'],
    ['no id', 'nonsense', 'attachments[0].upload_id'],
    ['a path of a kind', '../../x', 'attachments[0].upload_id'],
  ])('that is %s is refused', async (_, id, field) => {
    expect(await refused([{ upload_id: id }])).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      field,
    });
    expect(await refused([{ path: `upload:${id}` }])).toMatchObject({ field: 'attachments[0].path' });
  });

  test('threats §9 r6: of another account is as unknown as one that never was', async () => {
    const it = house();
    const id = await uploaded(it);
    const key = await it.newKey({ account: 'other' });
    const ask = async (upload_id: string) =>
      (await it.call('POST', '/emails', { key, body: mail({ attachments: [{ upload_id }] }) })).body;
    expect(await ask(id)).toEqual(await ask(crypto.randomUUID()));
  });

  test('that was not finished is refused, and accepted when it is', async () => {
    const it = house();
    const begun = await begin(it);
    const body = mail({ attachments: [{ upload_id: begun.id }] });
    const headers = { 'idempotency-key': 'later' };
    const early = await it.call('POST', '/emails', { body, headers });
    expect(early.body).toMatchObject({ statusCode: 422, name: 'invalid_attachment' });
    await put(it, begun);
    expect((await it.call('POST', '/emails', { body, headers })).status).toBe(200);
  });

  test('in a dry run is read and shown, and not copied', async () => {
    const it = house();
    const id = await uploaded(it);
    const before = it.store.keys();
    const { body } = await it.call('POST', '/emails', {
      body: mail({ dry_run: true, attachments: [{ upload_id: id }] }),
    });
    const [file] = await filesIn(body.mime);
    expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(BYTES));
    expect(it.store.keys()).toEqual(before);
  });

  test('counts as large as it is: four of them are too much before a byte is copied', async () => {
    const it = house();
    const bytes = Buffer.alloc(10 * MIB, 'x');
    const begun = await begin(it, { size: bytes.length });
    await put(it, begun, bytes);
    const attachments = Array(4).fill({ upload_id: begun.id });
    const before = it.store.keys();
    const answer = await it.call('POST', '/emails', { body: mail({ attachments }) });
    expect(answer.body).toMatchObject({ statusCode: 413, field: 'attachments' });
    expect(it.store.keys()).toEqual(before);
  });
});

describe('where the store takes uploads by itself', () => {
  /** A store whose clients put into it directly; what they put, nobody has looked at. */
  function bucket() {
    const store = memoryObjects();
    const signed: unknown[] = [];
    const presignPut = async (put: { readonly key: string }) => {
      signed.push(put);
      return {
        method: 'PUT' as const,
        url: `https://bucket.example/${put.key}?signed`,
        headers: { 'content-type': 'x' },
      };
    };
    const keyOf = (url: string) => new URL(url).pathname.slice(1);
    return { store: { ...store, presignPut }, memory: store, signed, keyOf };
  }

  test('the link is its own, for this key, length, type and time', async () => {
    const { store, signed } = bucket();
    const it = house({}, { objects: store });
    const { body } = await it.call('POST', '/uploads', { body: { ...ASKED, sha256: sha256(BYTES) } });
    expect(body).toMatchObject({ method: 'PUT', headers: { 'content-type': 'x' } });
    expect(body.upload_url).toMatch(/^https:\/\/bucket\.example\/t\/default\/[0-9a-f]{32}\?signed$/);
    expect(signed).toEqual([
      {
        key: expect.stringMatching(/^t\/default\/[0-9a-f]{32}$/),
        size: BYTES.length,
        contentType: 'application/pdf',
        expiresInSeconds: 900,
        sha256: sha256(BYTES),
      },
    ]);
  });

  test.each([
    ['another length', BYTES.subarray(1), 'application/pdf', {}],
    ['another type', BYTES, 'text/html', {}],
    ['another hash', BYTES, 'application/pdf', { sha256: sha256(Buffer.from('x')) }],
  ])(
    'threats §12 r4: %s in the bucket is found at acceptance, on the copy',
    async (_, bytes, contentType, over) => {
      const { store, memory, keyOf } = bucket();
      const it = house({}, { objects: store });
      const { body } = await it.call('POST', '/uploads', { body: { ...ASKED, ...over } });
      await memory.put(keyOf(body.upload_url), bytes, { contentType });
      const answer = await it.call('POST', '/emails', {
        body: mail({ attachments: [{ upload_id: body.id }] }),
      });
      expect(answer.body).toMatchObject({
        statusCode: 422,
        name: 'invalid_attachment',
        field: 'attachments[0].upload_id',
      });
      expect(memory.keys()).toEqual([keyOf(body.upload_url)]);
      expect((await it.call('GET', '/emails')).body.data).toEqual([]);
    },
  );

  test.each(['head', 'copy'] as const)(
    'threats §12 r4: bytes that a reader would unpack are other bytes, told by %s',
    async (verb) => {
      const { store, memory, keyOf } = bucket();
      const unpacked = () => Promise.reject(new WrongBytes('packed'));
      const it = house({}, { objects: { ...store, [verb]: unpacked } });
      const { body } = await it.call('POST', '/uploads', { body: ASKED });
      await memory.put(keyOf(body.upload_url), BYTES, { contentType: 'application/pdf' });
      const attachments = [{ upload_id: body.id }];
      const answer = await it.call('POST', '/emails', { body: mail({ attachments }) });
      expect(answer.body).toMatchObject({
        statusCode: 422,
        name: 'invalid_attachment',
        field: 'attachments[0].upload_id',
      });
      expect((await it.call('GET', '/emails')).body.data).toEqual([]);
    },
  );

  test('in a permissive batch a wrong upload costs its own mail alone', async () => {
    const { store, memory, keyOf } = bucket();
    const it = house({}, { objects: store });
    const ids: string[] = [];
    for (const contentType of ['text/html', 'application/pdf']) {
      const { body } = await it.call('POST', '/uploads', { body: ASKED });
      await memory.put(keyOf(body.upload_url), BYTES, { contentType });
      ids.push(body.id);
    }
    const body = ids.map((upload_id) => mail({ attachments: [{ upload_id }] }));
    const headers = { 'x-batch-validation': 'permissive' };
    const answer = await it.call('POST', '/emails/batch', { body, headers });
    expect(answer.body.errors).toMatchObject([{ index: 0 }]);
    expect(answer.body.data).toHaveLength(1);
  });
});
