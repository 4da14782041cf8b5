import { describe, expect, test } from 'vitest';
import { filesIn, rawOf, refused, sent, sha256 } from './attached.ts';
import { house, mail } from './house.ts';

const HI = 'aGk=';
const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(40, 1)]).toString('base64');
const MIB = 1024 * 1024;

/** Base64 of so many bytes. */
function large(bytes: number): string {
  return Buffer.alloc(bytes, 'x').toString('base64');
}

describe('a file in a mail', () => {
  test('arrives with its name, type and bytes', async () => {
    const [file, ...more] = await sent([{ filename: 'invoice.pdf', content: HI }]);
    expect(more).toEqual([]);
    expect(file).toMatchObject({
      filename: 'invoice.pdf',
      type: 'application/pdf',
      disposition: 'attachment',
    });
    expect(file?.bytes.toString()).toBe('hi');
  });

  test('that html refers to is inline, and keeps its place', async () => {
    const html = '<img src="cid:logo"><img src="cid:logo">';
    for (const named of [
      { content_id: 'logo' },
      { content_id: '<logo>' },
      { inline_content_id: 'logo' },
      { content_id: 'logo', inline_content_id: 'older' },
    ]) {
      const [file] = await sent([{ filename: 'logo.png', content: PNG, ...named }], { html });
      expect(file).toMatchObject({ contentId: 'logo', disposition: 'inline', type: 'image/png' });
    }
  });

  test.each([
    ['by its name', { filename: 'a.PDF' }, 'application/pdf'],
    ['by what the request says', { filename: 'a.pdf', content_type: 'Image/PNG' }, 'image/png'],
    ['by the spelling of Rust', { filename: 'a', contentType: 'text/csv; charset=utf-8' }, 'text/csv'],
    ['by its bytes, where the name says nothing', { filename: 'logo', content: PNG }, 'image/png'],
    ['by its bytes, where there is no name', { content: PNG }, 'image/png'],
    ['by its data URI', { content: `data:text/csv;base64,${HI}` }, 'text/csv'],
    [
      'by its name rather than its data URI',
      { filename: 'a.pdf', content: `data:text/csv;base64,${HI}` },
      'application/pdf',
    ],
    [
      'not by a data URI that is none',
      { content: `data:multipart/mixed;base64,${HI}` },
      'application/octet-stream',
    ],
    ['not at all', { filename: 'a.unheard', content: PNG }, 'application/octet-stream'],
    ['by its bytes, where a dot only hides it', { filename: '.png', content: PNG }, 'image/png'],
    [
      'against its extension, as given',
      { filename: 'a.png', content_type: 'application/pdf' },
      'application/pdf',
    ],
  ])('has its type %s', async (_, attachment, type) => {
    const [file] = await sent([{ content: HI, ...attachment }]);
    expect(file?.type).toBe(type);
  });

  test.each([
    ['absent', {}, 'attachment-1.bin'],
    ['null', { filename: null }, 'attachment-1.bin'],
    ['false', { filename: false }, 'attachment-1.bin'],
    ['empty', { filename: '' }, 'attachment-1.bin'],
    ['absent, with a type', { content_type: 'application/pdf' }, 'attachment-1.pdf'],
    ['absent, with bytes that betray one', { content: PNG }, 'attachment-1.png'],
  ])('threats §1 r12: whose name is %s gets one', async (_, attachment, filename) => {
    const [file] = await sent([{ content: HI, ...attachment }]);
    expect(file?.filename).toBe(filename);
  });

  test('that has no name is numbered by its place', async () => {
    const files = await sent([
      { content: HI },
      { filename: 'x.txt', content: HI },
      { content: HI, content_type: 'text/csv' },
    ]);
    expect(files.map(({ filename }) => filename)).toEqual(['attachment-1.bin', 'x.txt', 'attachment-3.csv']);
  });

  test.each(['a"b.txt', '.htaccess', 'CON', `${'한'.repeat(300)}.txt`, 'a%b.txt', "it's; a=b.txt"])(
    'threats §1 r12: is called %j, and that is only a name',
    async (filename) => {
      const it = house();
      const [file] = await sent([{ filename, content: HI }], {}, it);
      expect(file?.filename).toBe(filename);
      for (const key of it.store.keys()) expect(key).toMatch(/^t\/default\/[0-9a-f]{64}$/);
    },
  );

  test.each([
    'a";\r\nX: 1',
    'a\0.exe',
    'a\u202efdp.exe',
    '../../etc/passwd',
    'C:\\x\\y.txt',
    'a/b.txt',
    'a\nb',
    '\u001b[1m',
    'x'.repeat(999),
  ])('threats §1 r11: is not called %j', async (filename) => {
    expect(await refused([{ filename, content: HI }])).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      field: 'attachments[0].filename',
    });
  });

  test.each([
    'text/html; x="\r\nX: 1"',
    'multipart/mixed; boundary=x',
    'a',
    'a/b/c',
    'text/plain; x=y',
    'text/plain\r\nX: 1',
    'message/external-body',
    'text/',
    '/plain',
    'te xt/plain',
  ])('threats §1 r13: is of no type %j', async (content_type) => {
    expect(await refused([{ content_type, content: HI }])).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      field: 'attachments[0].content_type',
    });
  });

  test('threats §1 r13: may be a message itself', async () => {
    const content = Buffer.from('From: a@b.example\r\nSubject: inner\r\n\r\nHello.\r\n').toString('base64');
    const [file] = await sent([
      { filename: 'forwarded_message.eml', content, content_type: 'message/rfc822' },
    ]);
    expect(file?.type).toBe('message/rfc822');
    expect(file?.bytes.toString()).toContain('Subject: inner');
  });

  test.each(['x>\r\nY: 1', 'a b', 'a<b', '<<x>>', '<>', 'x\0', '안녕', 'x'.repeat(128), '<x'])(
    'threats §1 r14: has no content id %j',
    async (content_id) => {
      expect(await refused([{ filename: 'a.png', content_id, content: HI }])).toMatchObject({
        statusCode: 422,
        name: 'invalid_attachment',
        field: 'attachments[0].content_id',
      });
    },
  );

  test.each([
    'run.exe',
    'RUN.EXE',
    'run.exe.',
    'run.exe . .',
    'run.exe::$DATA',
    'run.exe:x',
    'invoice.pdf.js',
    'x.VbS',
    '.lnk',
    'a.tmp',
    '=?utf-8?Q?run=2Eexe?=',
    '=?utf-8?B?cnVuLmV4ZQ==?=',
  ])('that runs on a double click is blocked: %j', async (filename) => {
    expect(await refused([{ filename, content: HI }])).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      field: 'attachments[0].filename',
    });
  });

  test.each(['exe', 'run.exe.txt', 'a.exe ', 'a.'].filter((name) => name !== 'a.exe '))(
    'that only looks like one is not: %j',
    async (filename) => {
      const [file] = await sent([{ filename, content: HI }]);
      expect(file?.bytes.toString()).toBe('hi');
    },
  );

  test.each([
    [[{}], 'attachments[0]'],
    [[{ filename: 'a.pdf' }], 'attachments[0]'],
    [[{ content: null, path: null }], 'attachments[0]'],
    [[{ content: HI }, { content: '' }], 'attachments[1].content'],
    [[{ content: HI, upload_id: crypto.randomUUID() }], 'attachments[0].upload_id'],
    [[{ path: 'https://x.example/', upload_id: crypto.randomUUID() }], 'attachments[0].upload_id'],
    [[{ path: 7 }], 'attachments[0].path'],
    [[{ filename: 7, content: HI }], 'attachments[0].filename'],
    [[{ filename: true, content: HI }], 'attachments[0].filename'],
    [['x'], 'attachments[0]'],
    [{}, 'attachments'],
    ['x', 'attachments'],
    [Array(1001).fill({ content: HI }), 'attachments'],
  ])('is refused where it has no one source: %j', async (attachments, field) => {
    expect(await refused(attachments)).toMatchObject({ statusCode: 422, name: 'invalid_attachment', field });
  });

  test('with a content wins over its path', async () => {
    const it = house();
    const [file] = await sent([{ filename: 'a.txt', content: HI, path: 'https://x.example/a' }], {}, it);
    expect(file?.bytes.toString()).toBe('hi');
    expect(it.fetched).toEqual([]);
  });
});

test('threats §1 r12: a name that looks like an encoded word is sent as it was written', async () => {
  const it = house();
  const filename = '=?utf-8?Q?x?=.txt';
  const { body } = await it.call('POST', '/emails', {
    body: mail({ attachments: [{ filename, content: HI }] }),
  });
  const mime = Buffer.from(await rawOf(it, body.id)).toString('latin1');
  expect(mime).toContain("filename*0*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D.txt");
  expect((await it.call('GET', `/emails/${body.id}/attachments`)).body.data[0].filename).toBe(filename);
});

describe('files in their numbers', () => {
  test('a hundred files arrive in their order', async () => {
    const attachments = Array.from({ length: 100 }, (_, index) => ({
      filename: `${index}.txt`,
      content: Buffer.from(`number ${index}`).toString('base64'),
    }));
    const files = await sent(attachments);
    expect(files.map(({ bytes }) => bytes.toString())).toEqual(
      attachments.map((__, index) => `number ${index}`),
    );
  });

  test('the same bytes are stored once, in one mail and in many', async () => {
    const it = house();
    await sent(
      [
        { filename: 'a.txt', content: HI },
        { filename: 'b.pdf', content: [104, 105] },
      ],
      {},
      it,
    );
    await sent([{ filename: 'c', content: HI }], {}, it);
    const body = [mail({ attachments: [{ content: HI }] }), mail({ attachments: [{ content: HI }] })];
    expect((await it.call('POST', '/emails/batch', { body })).status).toBe(200);
    expect(it.store.keys()).toEqual([`t/default/${sha256(Buffer.from('hi'))}`]);
  });

  test('threats §12 r2: the same bytes of two accounts are two objects', async () => {
    const it = house();
    const key = await it.newKey({ account: 'other' });
    await sent([{ content: HI }], {}, it);
    const answer = await it.call('POST', '/emails', { key, body: mail({ attachments: [{ content: HI }] }) });
    expect(answer.status).toBe(200);
    const hash = sha256(Buffer.from('hi'));
    expect(it.store.keys().toSorted()).toEqual([`t/default/${hash}`, `t/other/${hash}`]);
  });

  test('a batch and a scheduled mail carry files like any other', async () => {
    const it = house();
    const body = [
      mail({ attachments: [{ filename: 'one.txt', content: 'b25l' }] }),
      mail({ scheduled_at: 'in 1 hour', attachments: [{ filename: 'two.txt', content: 'dHdv' }] }),
    ];
    const answer = await it.call('POST', '/emails/batch', { body });
    const texts: (string | undefined)[] = [];
    for (const { id } of answer.body.data) {
      const [file] = await filesIn(await rawOf(it, id));
      texts.push(file?.bytes.toString());
    }
    expect(texts).toEqual(['one', 'two']);
  });

  test('a permissive batch accepts the mails whose files are right', async () => {
    const it = house();
    const body = [
      mail({ attachments: [{ filename: 'a.txt', content: HI }] }),
      mail({ attachments: [{ filename: 'a.exe', content: HI }] }),
      mail({ attachments: [{ filename: 'a.pdf', content: '!' }] }),
    ];
    const headers = { 'x-batch-validation': 'permissive' };
    const answer = await it.call('POST', '/emails/batch', { body, headers });
    expect(answer.body.errors.map(({ index }: { index: number }) => index)).toEqual([1, 2]);
    const [file] = await filesIn(await rawOf(it, answer.body.data[0].id));
    expect(file?.filename).toBe('a.txt');
  });
});

describe('a message of 40 MiB', () => {
  /** The most bytes of one file that fit: all of the message but its lines of header. */
  const FITS = 30_640_000;

  test('is as large as a message may be, counted as it is sent', async () => {
    const it = house();
    const answer = await it.call('POST', '/emails', {
      body: mail({ attachments: [{ content: large(FITS) }] }),
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    const [claim] = it
      .room()
      .claim({ now: it.now, relay: 'main', unbound: true, insteadOf: [], limit: 1, leaseMs: 1000 });
    expect(claim?.email.attachments[0]?.size).toBe(FITS);
  });

  test.each([
    ['one file', [{ content: large(FITS + 20_000) }]],
    ['two files', [{ content: large(FITS / 2) }, { content: large(FITS / 2 + 20_000) }]],
  ])('is not exceeded by %s, and nothing is stored', async (_, attachments) => {
    expect(await refused(attachments)).toMatchObject({
      statusCode: 413,
      name: 'validation_error',
      message: expect.stringContaining('At most 40 MiB'),
      field: 'attachments',
    });
  });

  test('is lowered by a relay that is known to take less, and the error names that number', async () => {
    const it = house({}, { relayLimit: () => 10_000_000 });
    for (const [bytes, field] of [
      [7_320_000, 'attachments'],
      [9_000_000, 'attachments[0].content'],
    ] as const) {
      expect(await refused([{ content: large(bytes) }], it)).toMatchObject({
        statusCode: 413,
        message: expect.stringContaining('At most 10000000 bytes'),
        field,
      });
    }
    await sent([{ content: large(7_200_000) }], {}, it);
  });

  test('is not raised by a relay that takes more', async () => {
    const it = house({}, { relayLimit: () => 100 * MIB });
    expect(await refused([{ content: large(FITS + 20_000) }], it)).toMatchObject({
      message: expect.stringContaining('At most 40 MiB'),
    });
  });
});

describe('a dry run with files', () => {
  test('shows the message, and stores nothing', async () => {
    const it = house();
    const body = mail({ dry_run: true, attachments: [{ filename: 'a.txt', content: HI }] });
    const answer = await it.call('POST', '/emails', { body });
    expect(answer.status).toBe(200);
    const [file] = await filesIn(answer.body.mime);
    expect(file).toMatchObject({ filename: 'a.txt' });
    expect(file?.bytes.toString()).toBe('hi');
    expect(answer.body.size).toBe(answer.body.mime.length);
    expect(it.store.keys()).toEqual([]);
  });

  test.each([
    [
      'an extension that belongs to another type',
      [{ filename: 'a.png', content_type: 'application/pdf', content: HI }],
      'extension_mismatch',
      'attachments[0].filename',
    ],
    ['a large image', [{ filename: 'a.png', content: large(2 * MIB) }], 'large_image', 'attachments[0]'],
    [
      'an inline file that html does not show',
      [{ filename: 'a.png', content_id: 'logo', content: PNG }],
      'unused_content_id',
      'attachments[0].content_id',
    ],
  ])('warns of %s', async (_, attachments, code, field) => {
    const answer = await house().call('POST', '/emails', { body: mail({ dry_run: true, attachments }) });
    expect(answer.body.lint).toContainEqual({
      code,
      severity: expect.stringMatching(/^(?:info|warning)$/),
      field,
      message: expect.any(String),
    });
  });

  test('says nothing of files that are as they should be', async () => {
    const html = '<p>Hello</p><img src="cid:logo">';
    const attachments = [
      { filename: 'a.pdf', content: HI },
      { filename: 'README', content: HI },
      { filename: 'photo.JPEG', content_type: 'image/jpeg', content: HI },
      { filename: 'logo.png', content_id: 'logo', content: PNG },
    ];
    const answer = await house().call('POST', '/emails', {
      body: mail({ dry_run: true, html, attachments }),
    });
    expect(answer.body.lint).toEqual([]);
  });

  test('of more than one answer can hold is refused, before it is in memory', async () => {
    const it = house({ bodyCap: 200_000 });
    const one = mail({ dry_run: true, attachments: [{ content: large(60_000) }] });
    expect(
      (await it.call('POST', '/emails/batch', { body: [one, { ...one, attachments: [] }] })).status,
    ).toBe(200);
    const upload = await it.call('POST', '/uploads', { body: { filename: 'a.bin', size: 90_000 } });
    const link = upload.body.upload_url.slice('http://127.0.0.1:3025'.length);
    const put = await it.call('PUT', link, {
      key: null,
      body: new Uint8Array(90_000),
      headers: upload.body.headers,
    });
    expect(put.status).toBe(200);
    const named = mail({ dry_run: true, attachments: [{ upload_id: upload.body.id }] });
    const answer = await it.call('POST', '/emails/batch', { body: [named, named] });
    expect(answer.body).toMatchObject({ statusCode: 413, message: expect.stringContaining('200000 bytes') });
  });
});

describe('storage that is down', () => {
  test('is 503, and nothing was accepted; the same request goes well when it is back', async () => {
    const it = house();
    const body = mail({ attachments: [{ content: HI }] });
    const headers = { 'idempotency-key': 'order-1' };
    it.store.isDown = true;
    const down = await it.call('POST', '/emails', { body, headers });
    expect(down.status).toBe(503);
    expect(down.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await it.call('GET', '/emails')).body.data).toEqual([]);
    it.store.isDown = false;
    const first = await it.call('POST', '/emails', { body, headers });
    expect(first.status).toBe(200);
    const again = await it.call('POST', '/emails', { body, headers });
    expect(again.body).toEqual(first.body);
    expect((await it.call('GET', '/emails')).body.data).toHaveLength(1);
  });
});

describe('a repeated request', () => {
  const headers = { 'idempotency-key': 'order-2' };
  const ask = (it: ReturnType<typeof house>, attachment: unknown) =>
    it.call('POST', '/emails', { body: mail({ attachments: [attachment] }), headers });

  test('is the same when its file is, whatever the white space and escapes', async () => {
    const it = house();
    const first = await ask(it, { filename: 'a', content: 'Pz8/' });
    const text = JSON.stringify(mail({ attachments: [{ content: 'Pz8/', filename: 'a' }] }), null, 2);
    const again = await it.call('POST', '/emails', { body: text.replace('Pz8/', 'Pz8\\/'), headers });
    expect(again.body).toEqual(first.body);
  });

  test.each([
    ['another byte', { filename: 'a', content: 'aGo=' }],
    ['another name', { filename: 'b', content: HI }],
    ['the same bytes in another form', { filename: 'a', content: [104, 105] }],
    ['a content that is none', { filename: 'a', content: {} }],
  ])('with %s is another request', async (_, attachment) => {
    const it = house();
    await ask(it, { filename: 'a', content: HI });
    expect((await ask(it, attachment)).body).toMatchObject({
      statusCode: 409,
      name: 'invalid_idempotent_request',
    });
  });

  test('of a large file is known by its digest', async () => {
    const it = house();
    const content = large(2 * MIB);
    const first = await ask(it, { content });
    expect(first.status).toBe(200);
    expect((await ask(it, { content })).body).toEqual(first.body);
    const other = await ask(it, { content: Buffer.alloc(2 * MIB, 'y').toString('base64') });
    expect(other.body).toMatchObject({ statusCode: 409 });
  });
});

test('a file costs two calls to the room: one to be let in, one to accept', async () => {
  const it = house();
  await it.call('POST', '/emails', { body: mail({ attachments: [{ content: HI }] }) });
  await it.call('POST', '/emails', { body: mail({ attachments: [{ content: large(MIB) }] }) });
  expect(it.verbs).toEqual(['admit', 'accept', 'admit', 'accept']);
});

test('a sender that is refused leaves nothing in the store', async () => {
  const it = house();
  const body = mail({ from: 'a@foreign.example', attachments: [{ content: HI }] });
  expect((await it.call('POST', '/emails', { body })).status).toBe(403);
  expect(it.store.keys()).toEqual([]);
});
