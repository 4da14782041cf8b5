import { describe, expect, test } from 'vitest';
import { createFewAtOnce } from '../../src/http/few-at-once.ts';
import { arrive, MESSAGE, readIt, storedFile } from './arrived.ts';
import { sha256 } from './attached.ts';
import { type House, house, NOON, OPERATOR_KEY } from './house.ts';

const ORIGIN = 'http://127.0.0.1:3025';
const HOUR = 3_600_000;
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64');

const open = (it: House, url: string) => it.call('GET', url.slice(ORIGIN.length), { key: null });
const read = async (it: House, id: string, query = '') =>
  (await it.call('GET', `/emails/receiving/${id}${query}`)).body;

describe('GET /emails/receiving/{id}', () => {
  test('shows everything that was read, in the form of the contract', async () => {
    const it = house();
    const id = await arrive(it, MESSAGE, { query: '?from=ann@there.example&to=support%2B47@mine.example' });
    const file = await storedFile(it, Buffer.from('hi'), { contentId: 'part1', disposition: 'inline' });
    readIt(it, {
      content: { kind: 'inline', html: '<p>Why?</p>', text: 'Why?' },
      attachments: [file],
      heading: {
        from: [{ name: 'Other, Ann', address: 'ann@there.example' }],
        cc: [{ name: '', address: 'bob@there.example' }],
        replyTo: [{ name: 'Desk', address: 'desk@there.example' }],
        inReplyTo: '<first@mine.example>',
        references: ['<first@mine.example>', '<second@there.example>'],
        headers: [
          ['subject', 'A question'],
          ['received', 'by one, by two'],
        ],
      },
    });
    const body = await read(it, id.toUpperCase());
    expect(body).toEqual({
      object: 'email',
      id,
      created_at: new Date(NOON).toISOString(),
      from: '"Other, Ann" <ann@there.example>',
      to: ['support@mine.example'],
      cc: ['bob@there.example'],
      bcc: [],
      reply_to: ['Desk <desk@there.example>'],
      received_for: ['support+47@mine.example'],
      subject: 'A question',
      message_id: '<question@there.example>',
      attachments: [
        {
          id: file.id,
          filename: 'a.bin',
          size: 2,
          content_type: 'application/octet-stream',
          content_id: 'part1',
          content_disposition: 'inline',
        },
      ],
      html: '<p>Why?</p>',
      text: 'Why?',
      headers: { subject: 'A question', received: 'by one, by two' },
      raw: {
        download_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:3025\/downloads\//),
        expires_at: new Date(NOON + HOUR).toISOString(),
      },
      html_format: 'data_uri',
      stripped_text: 'Why?',
      mailbox_hash: '47',
      in_reply_to: '<first@mine.example>',
      references: ['<first@mine.example>', '<second@there.example>'],
      thread: { email_ids: [], received_ids: [] },
      authentication: { spf: 'pass', dkim: null, dmarc: 'none', source: 'header' },
      auto: { reply: false, bounce: false, list: true },
      parse: 'full',
    });
  });

  test('threats §7 r20: a header called __proto__ is one like any other', async () => {
    const it = house();
    const id = await arrive(it);
    readIt(it, {
      heading: {
        headers: [
          ['__proto__', 'x'],
          ['constructor', 'y'],
        ],
      },
    });
    const request = new Request(`${ORIGIN}/emails/receiving/${id}`, {
      headers: { authorization: `Bearer ${OPERATOR_KEY}` },
    });
    const text = await (await it.fetch(request)).text();
    expect(text).toContain('"headers":{"__proto__":"x","constructor":"y"}');
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test('until it is read shows what its header says', async () => {
    const it = house();
    const id = await arrive(it);
    expect(await read(it, id)).toMatchObject({
      from: 'Ann Other <ann@there.example>',
      subject: 'A question',
      html: null,
      text: null,
      parse: 'limited',
      attachments: [],
    });
  });

  test('brings a large text from where it is kept', async () => {
    const it = house();
    const id = await arrive(it);
    const large = { html: `<p>${'가'.repeat(200_000)}</p>`, text: null };
    const { key } = await storedFile(it, Buffer.from(JSON.stringify(large)));
    readIt(it, { content: { kind: 'object', key } });
    expect(await read(it, id)).toMatchObject(large);
  });

  test('is 404 for an id that is not there, 422 for what is no id or no format', async () => {
    const it = house();
    const unknown = await it.call('GET', `/emails/receiving/${UNKNOWN}`);
    expect([unknown.status, unknown.body.message]).toEqual([404, 'Email not found']);
    expect((await read(it, 'x')).name).toBe('invalid_parameter');
    expect(await read(it, UNKNOWN, '?html_format=mhtml')).toMatchObject({
      statusCode: 422,
      name: 'invalid_parameter',
      field: 'html_format',
    });
  });
});

describe('html_format', () => {
  const HTML = '<p><img src="cid:logo@x"><img src="cid:gone"></p>';

  async function withLogo(it: House): Promise<string> {
    const id = await arrive(it);
    const logo = await storedFile(it, PNG, { contentType: 'image/png', contentId: 'logo@x' });
    readIt(it, { content: { kind: 'inline', html: HTML, text: null }, attachments: [logo] });
    return id;
  }

  test('data_uri puts images into the HTML, and is what nobody need ask for', async () => {
    const it = house();
    const id = await withLogo(it);
    const shown = HTML.replace('cid:logo@x', `data:image/png;base64,${PNG.toString('base64')}`);
    for (const query of ['', '?html_format=data_uri'])
      expect(await read(it, id, query)).toMatchObject({ html: shown, html_format: 'data_uri' });
  });

  test('cid leaves them, and reads no file', async () => {
    const it = house();
    const id = await withLogo(it);
    it.store.isDown = true;
    expect(await read(it, id, '?html_format=cid')).toMatchObject({ html: HTML, html_format: 'cid' });
    expect((await it.call('GET', `/emails/receiving/${id}`)).status).toBe(503);
  });

  test('an image that is damaged stays out, and the operator is told', async () => {
    const it = house();
    const id = await withLogo(it);
    for (const key of it.store.keys()) it.store.flip(key);
    expect((await read(it, id)).html).toBe(HTML);
    expect(it.log).toMatchObject([{ event: 'damaged_file', email: id }]);
  });
});

test('mails with images in them are put together a few at a time; others do not wait', async () => {
  const it = house(
    {},
    { largeAnswers: createFewAtOnce({ places: 2, later: (leave) => void setImmediate(leave) }) },
  );
  const id = await arrive(it);
  const logo = await storedFile(it, PNG, { contentType: 'image/png', contentId: 'logo@x' });
  const html = '<img src="cid:logo@x">';
  readIt(it, { content: { kind: 'inline', html, text: null }, attachments: [logo] });
  const plain = await arrive(it, MESSAGE.replace('A question', 'Plain'));
  readIt(it);
  const opened: (() => void)[] = [];
  const { get } = it.store;
  it.store.get = async (key) => {
    await new Promise<void>((resolve) => opened.push(resolve));
    return await get(key);
  };
  const reads = [1, 2, 3, 4, 5].map(() => read(it, id));
  while (opened.length < 2) await new Promise(setImmediate);
  expect((await read(it, id, '?html_format=cid')).html).toBe(html);
  expect((await read(it, plain)).subject).toBe('Plain');
  let most = 0;
  for (let served = 0; served < 5; served += 1) {
    while (opened.length === 0) await new Promise(setImmediate);
    most = Math.max(most, opened.length);
    opened.shift()?.();
  }
  expect(most).toBe(2);
  for (const body of await Promise.all(reads)) expect(body.html).toContain('data:image/png;base64,');
});

describe('GET /emails/receiving', () => {
  async function three(it: House): Promise<readonly string[]> {
    const ids: string[] = [];
    for (const [index, subject] of ['One', 'Two', 'Three'].entries()) {
      it.now = NOON + index * 1000;
      ids.push(await arrive(it, MESSAGE.replace('A question', subject)));
      readIt(it);
    }
    return ids;
  }
  const idsOf = async (it: House, query: string) => {
    const { body } = await it.call('GET', `/emails/receiving${query}`);
    return body.data?.map(({ id }: { id: string }) => id);
  };

  test('lists newest first, in pages, without the text', async () => {
    const it = house();
    const [one, two, three3] = await three(it);
    const { body } = await it.call('GET', '/emails/receiving?limit=2');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([three3, two]);
    expect(body.has_more).toBe(true);
    expect(Object.keys(body.data[0]).toSorted()).toEqual(
      ['id', 'created_at', 'from', 'to', 'cc', 'bcc', 'reply_to', 'received_for']
        .concat(['subject', 'message_id', 'attachments'])
        .toSorted(),
    );
    expect(await idsOf(it, `?after=${two}`)).toEqual([one]);
    expect(await idsOf(it, `?before=${two}`)).toEqual([three3]);
  });

  test('finds by sender, recipient, subject and time', async () => {
    const it = house();
    const [one, two, three3] = await three(it);
    const all = [three3, two, one];
    expect(await idsOf(it, '?from=ANN@there.example')).toEqual(all);
    expect(await idsOf(it, '?from=@there.example&subject=tWo')).toEqual([two]);
    expect(await idsOf(it, '?to=support@mine.example')).toEqual(all);
    expect(await idsOf(it, '?to=@other.example')).toEqual([]);
    const second = encodeURIComponent(new Date(NOON + 1000).toISOString());
    expect(await idsOf(it, `?since=${second}`)).toEqual([three3, two]);
    expect(await idsOf(it, `?until=${second}`)).toEqual([two, one]);
  });

  test.each([
    ['from=', 'from'],
    ['since=yesterday', 'since'],
    ['until=2026-01-01', 'until'],
    [`subject=${'x'.repeat(999)}`, 'subject'],
    ['limit=0', 'limit'],
    ['after=x', 'after'],
    ['from=a&from=b', 'from'],
  ])('%#: a query that means nothing is refused, and its field is named', async (query, field) => {
    const { status, body } = await house().call('GET', `/emails/receiving?${query}`);
    expect([status, body.name, body.field]).toEqual([422, 'invalid_parameter', field]);
  });
});

describe('the files of a received mail', () => {
  test('are listed and read each by itself, with links to their exact bytes', async () => {
    const it = house();
    const id = await arrive(it);
    const bytes = Buffer.alloc(300_000, 'bytes ');
    const file = await storedFile(it, bytes, { filename: '보고서.pdf', contentType: 'application/pdf' });
    const nameless = await storedFile(it, Buffer.from('x'), { filename: null, contentId: 'one' });
    readIt(it, { attachments: [file, nameless] });
    const { body } = await it.call('GET', `/emails/receiving/${id.toUpperCase()}/attachments`);
    const link = { download_url: expect.stringContaining('/downloads/'), expires_at: expect.anything() };
    expect(body).toEqual({
      object: 'list',
      has_more: false,
      data: [
        {
          id: file.id,
          filename: '보고서.pdf',
          size: 300_000,
          content_type: 'application/pdf',
          content_disposition: 'attachment',
          ...link,
        },
        {
          id: nameless.id,
          filename: null,
          size: 1,
          content_type: 'application/octet-stream',
          content_disposition: 'attachment',
          content_id: 'one',
          ...link,
        },
      ],
    });
    const single = await it.call('GET', `/emails/receiving/${id}/attachments/${file.id.toUpperCase()}`);
    expect(single.body).toEqual({ object: 'attachment', ...body.data[0] });
    const answer = await open(it, single.body.download_url);
    expect([answer.status, sha256(answer.bytes)]).toEqual([200, sha256(bytes)]);
    expect(answer.headers.get('content-disposition')).toContain('%EB%B3%B4');
    expect((await open(it, body.data[1].download_url)).headers.get('content-disposition')).toBe('attachment');
  });

  test.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'x',
    'text/plain\r\nset-cookie: a=b',
    '보고/서',
    '',
  ])('threats §11 r4: a file that calls itself %j is a download of no type', async (contentType) => {
    const it = house();
    const id = await arrive(it);
    readIt(it, { attachments: [await storedFile(it, Buffer.from('<script>'), { contentType })] });
    const { body } = await it.call('GET', `/emails/receiving/${id}/attachments`);
    const { status, headers } = await open(it, body.data[0].download_url);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(headers.get('content-security-policy')).toContain('sandbox');
  });

  test('go in pages, and of a mail that is not there are 404', async () => {
    const it = house();
    const id = await arrive(it);
    const files = await Promise.all(['a', 'b', 'c'].map((name) => storedFile(it, Buffer.from(name))));
    readIt(it, { attachments: files });
    const { body } = await it.call('GET', `/emails/receiving/${id}/attachments?limit=2`);
    expect([body.has_more, body.data.length]).toEqual([true, 2]);
    for (const path of ['attachments', `attachments/${UNKNOWN}`])
      expect((await it.call('GET', `/emails/receiving/${UNKNOWN}/${path}`)).status).toBe(404);
  });
});

describe('the link to the raw mail', () => {
  const BYTES = Buffer.concat([Buffer.from(MESSAGE), Buffer.from([0, 13, 10, 0xff, 0xc3, 10, 46, 13, 10])]);

  test('gives the exact bytes that came in, to whoever has it, for one hour', async () => {
    const it = house();
    const id = await arrive(it, new Uint8Array(BYTES));
    const { download_url: url } = (await read(it, id)).raw;
    const answer = await open(it, url);
    expect(Buffer.from(answer.bytes).equals(BYTES)).toBe(true);
    expect(answer.headers.get('content-type')).toBe('message/rfc822');
    expect(answer.headers.get('content-length')).toBe(String(BYTES.length));
    expect(answer.headers.get('content-disposition')).toContain(`${id}.eml`);
    it.now += HOUR - 1;
    expect((await open(it, url)).status).toBe(200);
    it.now += 1;
    expect((await open(it, url)).status).toBe(403);
  });

  test('threats §9 r10: is 403 with one character changed', async () => {
    const it = house();
    const { download_url: url } = (await read(it, await arrive(it))).raw;
    for (let at = `${ORIGIN}/downloads/`.length; at < url.length; at += 7) {
      const changed = url.slice(0, at) + (url[at] === 'A' ? 'B' : 'A') + url.slice(at + 1);
      expect((await open(it, changed)).status, changed).toBe(403);
    }
  });

  test('is 404 when the mail was removed', async () => {
    const it = house();
    const id = await arrive(it);
    const { download_url: url } = (await read(it, id)).raw;
    expect((await it.call('DELETE', `/emails/receiving/${id}`)).status).toBe(200);
    expect((await open(it, url)).body).toMatchObject({ statusCode: 404, message: 'Email not found' });
  });
});

test('DELETE removes a mail with its bytes and its files', async () => {
  const it = house();
  const id = await arrive(it);
  readIt(it, { attachments: [await storedFile(it, Buffer.from('hi'))] });
  expect(it.store.keys()).toHaveLength(2);
  const { body } = await it.call('DELETE', `/emails/receiving/${id.toUpperCase()}`);
  expect(body).toEqual({ object: 'email', id, deleted: true });
  expect(it.store.keys()).toEqual([]);
  expect((await it.call('GET', '/emails/receiving')).body.data).toEqual([]);
  expect((await it.call('DELETE', `/emails/receiving/${id}`)).status).toBe(404);
});

test("threats §9 r6: one account's received mail is unknown to another, in the same words as one that never was", async () => {
  const it = house();
  const id = await arrive(it);
  readIt(it, { attachments: [await storedFile(it, Buffer.from('hi'))] });
  const [file] = (await it.call('GET', `/emails/receiving/${id}/attachments`)).body.data;
  const key = await it.newKey({ account: 'beta' });
  for (const [method, path] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/attachments'],
    ['GET', `/attachments/${file.id}`],
  ] as const) {
    const theirs = await it.call(method, `/emails/receiving/${id}${path}`, { key });
    const none = await it.call(method, `/emails/receiving/${UNKNOWN}${path}`, { key });
    expect(theirs.status, path).toBe(404);
    expect(theirs.body).toEqual(none.body);
  }
  expect((await it.call('GET', '/emails/receiving', { key })).body.data).toEqual([]);
  const cursor = await it.call('GET', `/emails/receiving?after=${id}`, { key });
  expect([cursor.status, cursor.body.field]).toEqual([422, 'after']);
  expect((await read(it, id)).id).toBe(id);
});
