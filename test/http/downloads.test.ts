import { describe, expect, test } from 'vitest';
import { settle, TAKEN } from './accepted.ts';
import { sha256 } from './attached.ts';
import { type House, house, mail, NOON } from './house.ts';

const ORIGIN = 'http://127.0.0.1:3025';
const HOUR = 3_600_000;
const HI = 'aGk=';

async function sendWith(it: House, attachments: readonly unknown[], key?: string): Promise<string> {
  const answer = await it.call('POST', '/emails', {
    body: mail({ attachments }),
    ...(key !== undefined && { key }),
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.id;
}

/** The path of the first attachment's link. */
async function linkOf(it: House, id: string): Promise<string> {
  const { body } = await it.call('GET', `/emails/${id}/attachments`);
  return body.data[0].download_url.slice(ORIGIN.length);
}

const open = (it: House, link: string) => it.call('GET', link, { key: null });

describe('GET /emails/{id}/attachments', () => {
  test('lists the files of a mail in their order, each with a link for one hour', async () => {
    const it = house();
    const id = await sendWith(it, [
      { filename: '보고서.pdf', content: HI },
      { filename: 'logo.png', content: HI, content_id: '<logo>' },
    ]);
    const { body } = await it.call('GET', `/emails/${id.toUpperCase()}/attachments`);
    const common = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      size: 2,
      download_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:3025\/downloads\/[A-Za-z0-9_.-]+$/),
      expires_at: new Date(NOON + HOUR).toISOString(),
    };
    expect(body).toEqual({
      object: 'list',
      has_more: false,
      data: [
        {
          ...common,
          filename: '보고서.pdf',
          content_type: 'application/pdf',
          content_disposition: 'attachment',
        },
        {
          ...common,
          filename: 'logo.png',
          content_type: 'image/png',
          content_disposition: 'inline',
          content_id: 'logo',
        },
      ],
    });
    const [first] = body.data;
    expect((await it.call('GET', `/emails/${id}/attachments/${first.id.toUpperCase()}`)).body).toEqual({
      object: 'attachment',
      ...first,
    });
  });

  test('goes in pages', async () => {
    const it = house();
    const id = await sendWith(
      it,
      Array.from({ length: 5 }, (_, index) => ({ filename: `${index}`, content: HI })),
    );
    const names = async (query: string) => {
      const { body } = await it.call('GET', `/emails/${id}/attachments${query}`);
      return [
        body.data.map(({ filename }: { filename: string }) => filename).join(''),
        body.has_more,
        body.data,
      ];
    };
    const [first, more, items] = await names('?limit=2');
    const [second] = await names(`?limit=3&after=${items[1].id}`);
    expect([first, more, second]).toEqual(['01', true, '234']);
  });

  test('is an empty list for a mail without files, and 404 for a mail that is not there', async () => {
    const it = house();
    const id = await sendWith(it, []);
    expect((await it.call('GET', `/emails/${id}/attachments`)).body.data).toEqual([]);
    const unknown = await it.call('GET', `/emails/${crypto.randomUUID()}/attachments`);
    expect(unknown.body).toMatchObject({ statusCode: 404, message: 'Email not found' });
  });

  test('threats §9 r6: is 404 for another account, and so is a file of another mail', async () => {
    const it = house();
    const [id, other] = [await sendWith(it, [{ content: HI }]), await sendWith(it, [{ content: HI }])];
    const [file] = (await it.call('GET', `/emails/${id}/attachments`)).body.data;
    const key = await it.newKey({ account: 'other' });
    expect((await it.call('GET', `/emails/${id}/attachments`, { key })).status).toBe(404);
    expect((await it.call('GET', `/emails/${id}/attachments/${file.id}`, { key })).status).toBe(404);
    expect((await it.call('GET', `/emails/${other}/attachments/${file.id}`)).body).toMatchObject({
      statusCode: 404,
      message: 'Attachment not found',
    });
  });
});

describe('GET /downloads/{ticket}', () => {
  test('gives the exact bytes to whoever has the link, once or often', async () => {
    const it = house();
    const bytes = Buffer.alloc(300_000, 'bytes ');
    const id = await sendWith(it, [{ filename: 'a.bin', content: bytes.toString('base64') }]);
    const link = await linkOf(it, id);
    for (let visit = 0; visit < 2; visit += 1) {
      const answer = await open(it, link);
      expect(answer.status).toBe(200);
      expect(sha256(answer.bytes)).toBe(sha256(bytes));
      expect(answer.headers.get('content-length')).toBe('300000');
    }
    const head = await it.call('HEAD', link, { key: null });
    expect([head.status, head.bytes.length]).toEqual([200, 0]);
  });

  test('writes its links with PUBLIC_URL, whatever Host says', async () => {
    const it = house({ publicUrl: 'https://mail.example.com/base' });
    const id = await sendWith(it, [{ content: HI }]);
    const answer = await it.call('GET', `/emails/${id}/attachments`, { headers: { host: 'evil.example' } });
    expect(answer.body.data[0].download_url).toMatch(/^https:\/\/mail\.example\.com\/base\/downloads\//);
  });

  test.each([
    ['a.html', 'text/html', 'application/octet-stream'],
    ['a.svg', undefined, 'application/octet-stream'],
    ['a.xml', undefined, 'application/octet-stream'],
    ['a', 'application/xhtml+xml; charset=utf-8', 'application/octet-stream'],
    ['a.pdf', undefined, 'application/pdf'],
    ['a.png', undefined, 'image/png'],
    ['a.ics', 'text/calendar; method=REQUEST', 'text/calendar; method=REQUEST'],
  ])('threats §11 r4: %s of type %s is a download of type %s', async (filename, content_type, served) => {
    const it = house();
    const id = await sendWith(it, [{ filename, content_type, content: HI }]);
    const { headers } = await open(it, await linkOf(it, id));
    expect(headers.get('content-type')).toBe(served);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-disposition')).toMatch(/^attachment; /);
    expect(headers.get('content-security-policy')).toContain('sandbox');
  });

  test.each([
    ['a.pdf', `attachment; filename="a.pdf"; filename*=UTF-8''a.pdf`],
    ['a"b\'c.pdf', `attachment; filename="a_b'c.pdf"; filename*=UTF-8''a%22b%27c.pdf`],
    ['한 글.pdf', `attachment; filename="_ _.pdf"; filename*=UTF-8''%ED%95%9C%20%EA%B8%80.pdf`],
    ['100%41.pdf', `attachment; filename="100_41.pdf"; filename*=UTF-8''100%2541.pdf`],
    ['😀;x=y.pdf', `attachment; filename="_;x=y.pdf"; filename*=UTF-8''%F0%9F%98%80%3Bx%3Dy.pdf`],
    ['<script>.pdf', `attachment; filename="<script>.pdf"; filename*=UTF-8''%3Cscript%3E.pdf`],
  ])('threats §11 r5: the name %j is told in both spellings of RFC 6266', async (filename, disposition) => {
    const it = house();
    const id = await sendWith(it, [{ filename, content: HI }]);
    expect((await open(it, await linkOf(it, id))).headers.get('content-disposition')).toBe(disposition);
  });

  test('threats §9 r10: is 403 with one character changed, added or left out', async () => {
    const it = house();
    const link = await linkOf(it, await sendWith(it, [{ content: HI }]));
    const answers = new Set<string>();
    for (let at = '/downloads/'.length; at < link.length; at += 1) {
      const other = link[at] === 'A' ? 'B' : 'A';
      const changed = link.slice(0, at) + other + link.slice(at + 1);
      const answer = await open(it, changed);
      expect(answer.status, changed).toBe(403);
      answers.add(JSON.stringify(answer.body));
    }
    const head = '/downloads/'.length;
    for (const bad of [
      `${link}A`,
      `${link}=`,
      `${link}.`,
      link.slice(0, -1),
      link.replace('.', ''),
      `${link.slice(0, head)}x`,
    ]) {
      expect((await open(it, bad)).status, bad).toBe(403);
    }
    expect([...answers]).toEqual([
      JSON.stringify({
        statusCode: 403,
        message: 'This link has expired or was altered.',
        name: 'validation_error',
      }),
    ]);
  });

  test('threats §9 r10: is 403 from the moment its hour is over', async () => {
    const it = house();
    const link = await linkOf(it, await sendWith(it, [{ content: HI }]));
    it.now += HOUR - 1;
    expect((await open(it, link)).status).toBe(200);
    it.now += 1;
    expect((await open(it, link)).status).toBe(403);
  });

  test('threats §9 r10: opens nothing else: no other method, no upload', async () => {
    const it = house();
    const link = await linkOf(it, await sendWith(it, [{ content: HI }]));
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await it.call(method, link, { key: null });
      expect(answer.status).toBe(405);
    }
    const put = await it.call('PUT', link.replace('/downloads/', '/uploads/'), { key: null, body: 'hi' });
    expect(put.status).toBe(403);
  });

  test('is 404 when the mail was removed', async () => {
    const it = house();
    const id = await sendWith(it, [{ content: HI }]);
    const link = await linkOf(it, id);
    settle(it, { kind: 'sent', smtp: TAKEN });
    expect((await it.call('DELETE', `/emails/${id}`)).status).toBe(200);
    expect((await open(it, link)).body).toMatchObject({ statusCode: 404, message: 'Attachment not found' });
    expect(it.store.keys()).toEqual([]);
  });

  test('a damaged file never comes whole', async () => {
    const it = house();
    const link = await linkOf(it, await sendWith(it, [{ content: HI }]));
    for (const key of it.store.keys()) it.store.flip(key);
    const response = await it.fetch(new Request(`${ORIGIN}${link}`));
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test('while storage is down is 503', async () => {
    const it = house();
    const link = await linkOf(it, await sendWith(it, [{ content: HI }]));
    it.store.isDown = true;
    expect((await open(it, link)).status).toBe(503);
  });
});
