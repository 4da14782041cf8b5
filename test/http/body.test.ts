import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SMALL_BODY_BYTES } from '../../src/http/body.ts';
import { createGuesses } from '../../src/operator/guesses.ts';
import { DEADLINES } from '../../src/platform/node/deadlines.ts';
import { sha256 } from '../../src/platform/node/hasher.ts';
import { openServer } from '../../src/platform/node/server.ts';
import { expectProportional } from '../support/growth.ts';
import { type House, house, mail, OPERATOR_KEY } from './house.ts';

/** A body in chunks, and how many bytes of it were asked for. */
function streamed(total: number, chunk = 64 * 1024) {
  const asked = { bytes: 0, canceled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (asked.bytes >= total) return controller.close();
        const size = Math.min(chunk, total - asked.bytes);
        asked.bytes += size;
        controller.enqueue(new Uint8Array(size).fill(0x20));
      },
      cancel() {
        asked.canceled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { asked, body };
}

function post(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  headers: Readonly<Record<string, string>> = {},
  key = OPERATOR_KEY,
): Request {
  return new Request('http://h/emails', {
    method: 'POST',
    body,
    duplex: 'half',
    headers: { authorization: `Bearer ${key}`, ...headers },
  } as RequestInit);
}

const CAP = 1024 * 1024;

/** Writes this to a socket, and answers all that comes back until the other side closes. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answers = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1').on('data', (data: string) => {
      answers += data;
    });
    socket.on('close', () => resolve(answers)).on('error', reject);
  });
}

describe('threats §6 r1: a body over the cap is 413, and its excess is never held', () => {
  test.each([
    ['chunked, without a length', {}],
    ['with a length that is true', { 'content-length': String(100 * CAP) }],
    ['with a length that is no number', { 'content-length': '-1' }],
  ])('%s', async (_, headers) => {
    const it = house({ bodyCap: CAP });
    const { asked, body } = streamed(100 * CAP);
    const { status, body: refused } = await it.request(post(body, headers));
    expect(refused).toMatchObject({ name: 'validation_error', message: expect.stringContaining('1 MiB') });
    expect(status).toBe(413);
    expect(asked.bytes).toBeLessThanOrEqual(CAP + 128 * 1024);
    expect(it.verbs).toEqual(['admit']);
    expect(it.store.keys()).toHaveLength(0);
  });

  test('a length that is too small ends the body there, and what follows is no request', async () => {
    const it = house({ bodyCap: CAP });
    const server = await openServer({
      host: '127.0.0.1',
      port: 0,
      fetch: it.fetch,
      guesses: createGuesses({ monotonic: () => 0, digest: sha256 }),
      monotonic: () => 0,
      deadlines: DEADLINES,
    });
    const body = JSON.stringify(mail({ text: 'x'.repeat(100_000) }));
    const head = `POST /emails HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${OPERATOR_KEY}\r\n`;
    const answers = await talk(server.address.port, `${head}Content-Length: 10\r\n\r\n${body}`);
    // One answer or two: what stands behind the length may break the connection before the first is written.
    expect(new Set(answers.match(/^HTTP\/1\.1 \d+/gm))).toEqual(new Set(['HTTP/1.1 400']));
    expect((await it.call('GET', '/emails')).body.data).toEqual([]);
    await server.close(0);
  });

  test('the last byte of the cap still counts as inside', async () => {
    const it = house({ bodyCap: CAP });
    const padded = (size: number) => {
      const text = JSON.stringify(mail());
      return text + ' '.repeat(size - text.length);
    };
    expect((await it.request(post(padded(CAP)))).status).toBe(200);
    expect((await it.request(post(padded(CAP + 1)))).status).toBe(413);
  });

  test('a stranger is turned away before the rest of a big body is read', async () => {
    const it = house();
    const stranger = await house().newKey();
    const { asked, body } = streamed(100 * CAP);
    const { status } = await it.request(post(body, {}, stranger));
    expect(status).toBe(403);
    expect(asked.bytes).toBeLessThanOrEqual(SMALL_BODY_BYTES + 128 * 1024);
    const declared = streamed(100 * CAP);
    const request = post(declared.body, { 'content-length': String(40 * CAP) }, stranger);
    expect((await it.request(request)).status).toBe(403);
    expect(declared.asked.bytes).toBe(0);
  });

  test('without a key nothing of a body is read', async () => {
    const it = house();
    const { asked, body } = streamed(100 * CAP);
    const request = post(body);
    request.headers.delete('authorization');
    expect((await it.request(request)).status).toBe(401);
    expect(asked.bytes).toBe(0);
  });
});

test('a big body is two calls to the room, a small one is one', async () => {
  const it = house();
  const big = mail({ text: 'x'.repeat(SMALL_BODY_BYTES) });
  expect((await it.call('POST', '/emails', { body: big })).status).toBe(200);
  expect(it.verbs).toEqual(['admit', 'accept']);
  it.verbs.length = 0;
  expect((await it.call('POST', '/emails', { body: mail() })).status).toBe(200);
  expect(it.verbs).toEqual(['accept']);
});

describe('threats §6 r2: a compressed body is never inflated', () => {
  test.each(['gzip', 'deflate', 'br', 'x-gzip', 'gzip, identity'])('%s', async (encoding) => {
    const it = house();
    const body = new Uint8Array(gzipSync(JSON.stringify(mail())));
    const refused = await it.request(post(body, { 'content-encoding': encoding }));
    expect(refused.body).toMatchObject({ statusCode: 400, name: 'validation_error' });
  });

  test('identity is no compression', async () => {
    const it = house();
    const request = post(JSON.stringify(mail()), { 'content-encoding': 'identity' });
    expect((await it.request(request)).status).toBe(200);
  });
});

test('a body that breaks off is refused, and is no error of ours', async () => {
  const it = house();
  const broken = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"from":'));
      controller.error(new Error('the client went away'));
    },
  });
  expect((await it.request(post(broken))).status).toBe(400);
  expect(it.log).toEqual([]);
});

describe('threats §6 r5: unknown keys are dropped wherever they stand, and pollute nothing', () => {
  const POISON =
    '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}';

  test('at the top, in tags, in the query', async () => {
    const it = house();
    const text = JSON.stringify(mail({ tags: [{ name: 'a', value: 'b' }] }));
    const body = text
      .replace(/^\{/, `{${POISON},"nonsense":{"deep":[1,2]},`)
      .replace('"name":"a"', `"name":"a",${POISON}`);
    const { body: sent } = await it.call('POST', '/emails?__proto__[x]=1&constructor=2', { body });
    const { body: read } = await it.call('GET', `/emails/${sent.id}?__proto__[x]=1`);
    expect(read.tags).toEqual([{ name: 'a', value: 'b' }]);
    expect(Object.prototype).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('polluted');
    expect(stored(it)).not.toMatch(/polluted|nonsense/);
  });

  test('a template or an attachment made of them is none', async () => {
    const it = house();
    const { body } = await it.call('POST', '/emails', { body: `{"from":"a@mine.example",${POISON}}` });
    expect(body).toMatchObject({ statusCode: 422, name: 'missing_required_field', field: 'to' });
    expect({}).not.toHaveProperty('polluted');
  });
});

function stored(it: House): string {
  const tables = it.sql().exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
  return JSON.stringify(tables.map(({ name }) => it.sql().exec(`SELECT * FROM "${name}"`)));
}

test('threats §6 r6: of duplicate keys the last one counts', async () => {
  const it = house();
  const body = JSON.stringify(mail()).replace('"subject":', '"subject":"the first","subject":');
  const { body: sent } = await it.call('POST', '/emails', { body });
  expect((await it.call('GET', `/emails/${sent.id}`)).body.subject).toBe('A subject');
});

describe('threats §6 r7: broken JSON is 4xx through the door as well', () => {
  test.each([
    ['{"subject":NaN}', 400],
    ['{"subject":1e400}', 400],
    [String.raw`{"subject":"\ud800"}`, 422],
    ['\ufeff{}', 400],
  ])('%s', async (body, status) => {
    const it = house();
    expect((await it.call('POST', '/emails', { body })).status).toBe(status);
  });

  test('UTF-16', async () => {
    const it = house();
    const body = new Uint8Array(Buffer.from(JSON.stringify(mail()), 'utf16le'));
    expect((await it.call('POST', '/emails', { body })).status).toBe(400);
  });
});

describe('threats §6 r8: a body is JSON whatever its content type says', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/octet-stream',
    'message/rfc822',
    'nonsense',
    '',
  ])('%j', async (type) => {
    const it = house();
    const { status } = await it.call('POST', '/emails', { body: mail(), headers: { 'content-type': type } });
    expect(status).toBe(200);
  });

  test.each([
    'from=a%40mine.example&to=b%40people.example&subject=x&text=y',
    '--x\r\nContent-Disposition: form-data; name="from"\r\n\r\na@mine.example\r\n--x--',
    '<email><from>a@mine.example</from></email>',
  ])('and nothing else is guessed: %j', async (body) => {
    const it = house();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await it.call('POST', '/emails', { body, headers })).status).toBe(400);
  });
});

describe('threats §6 r9: counts are capped', () => {
  test.each([
    ['1,000 recipients', mail({ to: Array(1000).fill('a@people.example') }), 'to'],
    ['51 recipients', mail({ to: Array(51).fill('a@people.example') }), 'to'],
    ['51 blind copies', mail({ bcc: Array(51).fill('a@people.example') }), 'bcc'],
    [
      '76 tags',
      mail({ tags: Array.from({ length: 76 }, (_, i) => ({ name: `t${i}`, value: 'v' })) }),
      'tags',
    ],
    ['10,000 attachments', mail({ attachments: Array(10_000).fill(7) }), 'attachments'],
  ])('%s', async (_, body, field) => {
    const it = house();
    const refused = await it.call('POST', '/emails', { body });
    expect(refused.body).toMatchObject({ statusCode: 422, field: expect.stringContaining(field) });
    expect(it.woken).toEqual([]);
  });

  test('101 mails in a batch', async () => {
    const it = house();
    expect((await it.call('POST', '/emails/batch', { body: Array(100).fill(mail()) })).status).toBe(200);
    const refused = await it.call('POST', '/emails/batch', { body: Array(101).fill(mail()) });
    expect(refused.body).toMatchObject({ statusCode: 422, name: 'validation_error' });
  });
});

test('threats §6 r4: depth and keys are refused through the door, in a moment', async () => {
  const it = house();
  const bodies = [
    (count: number) => '{"a":'.repeat(count),
    (count: number) => `{${'"a":1,'.repeat(count / 2)}"b":2}`,
  ];
  for (const body of bodies) {
    const send = (count: number) => it.call('POST', '/emails', { body: body(count) });
    expect((await send(1_000_000)).body).toMatchObject({ statusCode: 400, name: 'validation_error' });
    await expectProportional(1_000_000, send);
  }
});
