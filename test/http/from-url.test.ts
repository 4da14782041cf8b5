import { describe, expect, test } from 'vitest';
import type { Exchanged } from '../../src/net/driver.ts';
import { filesIn, rawOf, refused, sent, sha256 } from './attached.ts';
import { type House, house, mail } from './house.ts';

const MIB = 1024 * 1024;
const URL_OF_FILE = 'https://files.example/a/report.pdf';
const STRICT = { 'x-batch-validation': 'strict' };

interface Served {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytes?: Uint8Array;
  readonly body?: () => AsyncIterable<Uint8Array>;
}

/** Puts something at a URL. */
function serve(it: House, url: string, { status = 200, headers = {}, bytes, body }: Served = {}): void {
  async function* whole(): AsyncIterable<Uint8Array> {
    const all = bytes ?? Buffer.from('the file');
    for (let at = 0; at < all.length; at += 65_536) yield all.subarray(at, at + 65_536);
  }
  it.web.set(
    url,
    (): Exchanged => ({
      ok: true,
      status,
      headers: new Map(Object.entries(headers)),
      body: (body ?? whole)(),
      close: () => {},
    }),
  );
}

function houseWith(url = URL_OF_FILE, served: Served = {}): House {
  const it = house();
  serve(it, url, served);
  return it;
}

describe('threats §4 r5: a file at a public URL', () => {
  test('is fetched when the mail is accepted, and stored: nobody asks there again', async () => {
    const it = houseWith();
    const [file] = await sent([{ path: URL_OF_FILE }], {}, it);
    expect(file).toMatchObject({ filename: 'report.pdf', type: 'application/pdf' });
    expect(file?.bytes.toString()).toBe('the file');
    expect(it.store.keys()).toEqual([`t/default/${sha256(Buffer.from('the file'))}`]);
    expect(it.fetched).toEqual([URL_OF_FILE]);
    expect(it.verbs.slice(0, 2)).toEqual(['admit', 'accept']);
  });

  test.each([
    ['https://files.example/a/%ED%95%9C.txt?x=y#z', '한.txt'],
    ['https://files.example/', 'attachment-1.bin'],
    ['https://files.example/a%2Fb.txt', 'attachment-1.bin'],
    ['https://files.example/%E2%80%AEfdp.exe.txt', 'attachment-1.bin'],
    ['https://files.example/%00.txt', 'attachment-1.bin'],
    ['https://files.example/%ff.txt', '%ff.txt'],
    ['https://files.example/a/..', 'attachment-1.bin'],
  ])('%s is called %s', async (url, filename) => {
    const it = houseWith(new URL(url.replace(/#.*/, '')).href);
    const [file] = await sent([{ path: url }], {}, it);
    expect(file?.filename).toBe(filename);
  });

  test('is called and typed by what the request says first', async () => {
    const it = houseWith();
    const [file] = await sent([{ path: URL_OF_FILE, filename: 'x.csv', content_type: 'text/plain' }], {}, it);
    expect(file).toMatchObject({ filename: 'x.csv', type: 'text/plain' });
  });

  test('is typed by its bytes where its name says nothing', async () => {
    const bytes = Buffer.from('%PDF-1.7 and so on');
    const it = houseWith('https://files.example/download', { bytes });
    const [file] = await sent([{ path: 'https://files.example/download' }], {}, it);
    expect(file).toMatchObject({ filename: 'download', type: 'application/pdf' });
  });

  test.each(['', [], {}, null])('is fetched where the content beside it is empty: %j', async (content) => {
    const [file] = await sent([{ path: URL_OF_FILE, content }], {}, houseWith());
    expect(file?.bytes.toString()).toBe('the file');
  });

  test('of some size is put down while it comes, and arrives whole', async () => {
    const bytes = Buffer.alloc(3 * MIB, 'abc');
    const it = houseWith(URL_OF_FILE, { bytes });
    const [file] = await sent([{ path: URL_OF_FILE }], {}, it);
    expect(sha256(file?.bytes ?? Buffer.alloc(0))).toBe(sha256(bytes));
    expect(it.store.keys()).toEqual([`t/default/${sha256(bytes)}`]);
  });

  test('is fetched once for all mails of a batch', async () => {
    const it = houseWith();
    const body = Array.from({ length: 5 }, () => mail({ attachments: [{ path: URL_OF_FILE }] }));
    const { body: answer } = await it.call('POST', '/emails/batch', { body });
    expect(it.fetched).toEqual([URL_OF_FILE]);
    for (const { id } of answer.data) {
      const [file] = await filesIn(await rawOf(it, id));
      expect(file?.bytes.toString()).toBe('the file');
    }
  });

  test('is reached over redirects, and named after the URL that was given', async () => {
    const it = houseWith(URL_OF_FILE, { status: 302, headers: { location: 'https://cdn.example/x1' } });
    serve(it, 'https://cdn.example/x1', { status: 307, headers: { location: '/x2' } });
    serve(it, 'https://cdn.example/x2', { bytes: Buffer.from('over there') });
    const [file] = await sent([{ path: URL_OF_FILE }], {}, it);
    expect(file).toMatchObject({ filename: 'report.pdf' });
    expect(file?.bytes.toString()).toBe('over there');
  });

  test('is not fetched again for a request that was answered before', async () => {
    const it = houseWith();
    const headers = { 'idempotency-key': 'once' };
    const body = mail({ attachments: [{ path: URL_OF_FILE }] });
    const first = await it.call('POST', '/emails', { body, headers });
    it.web.clear();
    expect((await it.call('POST', '/emails', { body, headers })).body).toEqual(first.body);
    expect(it.fetched).toHaveLength(1);
  });

  test('is not fetched again for a large request either', async () => {
    const it = houseWith();
    const headers = { 'idempotency-key': 'once' };
    const content = Buffer.alloc(MIB).toString('base64');
    const body = mail({ attachments: [{ path: URL_OF_FILE }, { content }] });
    const first = await it.call('POST', '/emails', { body, headers });
    expect(first.status).toBe(200);
    expect(it.verbs).toEqual(['admit', 'admit', 'accept']);
    it.web.clear();
    expect((await it.call('POST', '/emails', { body, headers })).body).toEqual(first.body);
    expect(it.fetched).toHaveLength(1);
  });

  test('is not fetched for who has no key', async () => {
    const it = houseWith();
    const body = mail({ attachments: [{ path: URL_OF_FILE }] });
    for (const key of [null, await house().newKey()]) {
      expect((await it.call('POST', '/emails', { body, key })).status).toBeGreaterThanOrEqual(401);
    }
    expect(it.fetched).toEqual([]);
  });

  test('is not fetched for a mail that is refused, nor for one behind it', async () => {
    const it = houseWith();
    const path = { attachments: [{ path: URL_OF_FILE }] };
    await it.call('POST', '/emails', { body: mail({ ...path, subject: 'a\nb' }) });
    const body = [mail({ to: 'x' }), mail(path)];
    expect((await it.call('POST', '/emails/batch', { body, headers: STRICT })).status).toBe(422);
    expect(it.fetched).toEqual([]);
  });

  test('in a dry run is not fetched any more once the files are more than the answer may show', async () => {
    const it = house();
    const urls = Array.from({ length: 12 }, (_, n) => `https://files.example/${n}.bin`);
    for (const url of urls) serve(it, url, { bytes: Buffer.alloc(20 * MIB, 'x') });
    const body = mail({ dry_run: true, attachments: urls.map((path) => ({ path })) });
    expect((await it.call('POST', '/emails', { body })).status).toBe(413);
    expect(it.fetched.length).toBeLessThan(urls.length / 2 + 2);
  });

  test('in a dry run is fetched and shown, and nothing is stored', async () => {
    const it = houseWith(URL_OF_FILE, { bytes: Buffer.alloc(MIB, 'x') });
    const body = mail({ dry_run: true, attachments: [{ path: URL_OF_FILE }] });
    const answer = await it.call('POST', '/emails', { body });
    const [file] = await filesIn(answer.body.mime);
    expect(file?.bytes.length).toBe(MIB);
    expect(it.store.keys()).toEqual([]);
    expect(it.sql().exec('SELECT count(*) AS n FROM emails')).toEqual([{ n: 0 }]);
  });
});

describe('threats §4 r6: a URL that is no file for us', () => {
  test.each([
    'http://files.example/a.pdf',
    'https://127.0.0.1/a.pdf',
    'https://localhost/a.pdf',
    'https://[::1]/a.pdf',
    'https://metadata.google.internal/',
    'https://169.254.169.254/latest/meta-data/',
    'https://user:secret@files.example/a.pdf',
    'https://files.example:22/a.pdf',
    'file:///etc/hostname',
    'data:text/plain;base64,aGk=',
    '/etc/hostname',
    'ftp://files.example/a',
    'not a url',
    'http://127.0.0.1:3025/emails',
  ])('%s is refused', async (path) => {
    const it = house();
    const { message, ...body } = await refused([{ path }], it);
    expect(body).toEqual({ statusCode: 422, name: 'invalid_attachment', field: 'attachments[0].path' });
    expect(message).not.toMatch(/secret|ECONN|ENOTFOUND/);
    expect(it.fetched).toEqual([]);
  });

  test('a name that leads to a private address is refused', async () => {
    const it = houseWith();
    it.names.set('files.example', ['10.0.0.1']);
    expect(await refused([{ path: URL_OF_FILE }], it)).toMatchObject({ field: 'attachments[0].path' });
  });

  test.each([
    ['to a private address', 'https://10.0.0.1/'],
    ['to http', 'http://files.example/'],
    ['to nowhere', ''],
  ])('a redirect %s is refused', async (_, location) => {
    const it = houseWith(URL_OF_FILE, { status: 302, headers: { location } });
    expect(await refused([{ path: URL_OF_FILE }], it)).toMatchObject({ field: 'attachments[0].path' });
  });

  test('a fourth redirect is refused', async () => {
    const it = house();
    for (let hop = 0; hop < 5; hop += 1) {
      serve(it, `https://files.example/${hop}`, { status: 302, headers: { location: `/${hop + 1}` } });
    }
    await refused([{ path: 'https://files.example/0' }], it);
    expect(it.fetched).toHaveLength(4);
  });

  test.each([
    ['404', { status: 404 }, /status 404/],
    ['206', { status: 206 }, /status 206/],
    ['an empty file', { bytes: Buffer.alloc(0) }, /empty/],
    ['a compressed one', { headers: { 'content-encoding': 'gzip' } }, /compressed/],
  ])('%s is refused', async (_, served, message) => {
    const it = houseWith(URL_OF_FILE, served);
    expect((await refused([{ path: URL_OF_FILE }], it)).message).toMatch(message);
  });

  test('one without an end is cut off, and is too large a message', async () => {
    let given = 0;
    const piece = new Uint8Array(MIB);
    async function* body(): AsyncIterable<Uint8Array> {
      for (;;) {
        given += 1;
        yield piece;
      }
    }
    const it = houseWith(URL_OF_FILE, { body });
    expect(await refused([{ path: URL_OF_FILE }], it)).toMatchObject({
      statusCode: 413,
      message: expect.stringContaining('At most 40 MiB'),
      field: 'attachments[0].path',
    });
    expect(given).toBeLessThan(33);
  });

  test('one that breaks off is refused, and nothing of it stays', async () => {
    async function* body(): AsyncIterable<Uint8Array> {
      yield new Uint8Array(MIB);
      throw new Error('ECONNRESET 10.0.0.7');
    }
    const it = houseWith(URL_OF_FILE, { body });
    expect((await refused([{ path: URL_OF_FILE }], it)).message).not.toContain('ECONN');
  });

  test('that ends in a blocked extension is refused', async () => {
    const it = houseWith('https://files.example/run.exe');
    expect(await refused([{ path: 'https://files.example/run.exe' }], it)).toMatchObject({
      field: 'attachments[0].path',
      message: expect.stringContaining('.exe'),
    });
    const [file] = await sent([{ path: 'https://files.example/run.exe', filename: 'run.txt' }], {}, it);
    expect(file?.filename).toBe('run.txt');
  });

  test('among good ones takes them along: what was put down for them is gone again', async () => {
    const it = houseWith(URL_OF_FILE, { bytes: Buffer.alloc(MIB, 'x') });
    serve(it, 'https://files.example/b', { status: 500 });
    const attachments = [{ path: URL_OF_FILE }, { path: 'https://files.example/b' }];
    expect(await refused(attachments, it)).toMatchObject({ field: 'attachments[1].path' });
  });

  test('in a permissive batch costs its own mail alone', async () => {
    const it = houseWith();
    serve(it, 'https://files.example/b', { status: 500 });
    const body = [
      mail({ attachments: [{ path: 'https://files.example/b' }] }),
      mail({ attachments: [{ path: URL_OF_FILE }] }),
    ];
    const headers = { 'x-batch-validation': 'permissive', 'idempotency-key': 'k' };
    const answer = await it.call('POST', '/emails/batch', { body, headers });
    expect(answer.body.errors).toEqual([{ index: 0, message: expect.stringContaining('status 500') }]);
    expect(answer.body.data).toHaveLength(1);
  });

  test('is one of two hundred at most', async () => {
    const it = house();
    const attachments = Array.from({ length: 201 }, (_, index) => ({
      path: `https://files.example/${index}`,
    }));
    expect(await refused(attachments, it)).toMatchObject({ statusCode: 422, field: 'attachments' });
    expect(it.fetched).toEqual([]);
  });

  test('frees its idempotency key', async () => {
    const it = houseWith(URL_OF_FILE, { status: 500 });
    const headers = { 'idempotency-key': 'again' };
    const body = mail({ attachments: [{ path: URL_OF_FILE }] });
    expect((await it.call('POST', '/emails', { body, headers })).status).toBe(422);
    serve(it, URL_OF_FILE);
    expect((await it.call('POST', '/emails', { body, headers })).status).toBe(200);
  });

  test('while storage is down is 503, and the key is free again', async () => {
    const it = houseWith(URL_OF_FILE, { bytes: Buffer.alloc(MIB, 'x') });
    const headers = { 'idempotency-key': 'again' };
    const body = mail({ attachments: [{ path: URL_OF_FILE }] });
    it.store.isDown = true;
    expect((await it.call('POST', '/emails', { body, headers })).status).toBe(503);
    it.store.isDown = false;
    expect((await it.call('POST', '/emails', { body, headers })).status).toBe(200);
  });
});
