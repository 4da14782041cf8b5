import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Content, readContent } from '../../src/http/content.ts';
import { parseSendJson } from '../../src/http/send-json.ts';
import { refused, sent, sha256 } from './attached.ts';
import { house, mail } from './house.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const LIMITS = { maxBytes: 30_000_000 };

/** `content` as it comes out of a value, whatever it is. */
function read(value: unknown): Content {
  const content = readContent(bytesOf(typeof value === 'string' ? value : JSON.stringify(value)), LIMITS);
  if (content === null) throw new Error('No JSON');
  return content;
}

/** Every spelling of the contract (section 5.2) for these bytes. */
function spellings(bytes: Uint8Array): Readonly<Record<string, string>> {
  const base64 = Buffer.from(bytes).toString('base64');
  const broken = base64.replace(/.{60}/g, '$&\n');
  return {
    'base64, as all SDKs send text': JSON.stringify(base64),
    'base64 with line feeds, as Ruby sends it': JSON.stringify(`${broken}\n`),
    'base64 with line breaks of mail': JSON.stringify(broken.replaceAll('\n', '\r\n')),
    'base64 with escaped slashes, as PHP sends it': JSON.stringify(base64).replaceAll('/', '\\/'),
    'base64 with escaped signs, as .NET sends it': JSON.stringify(base64)
      .replaceAll('+', '\\u002B')
      .replaceAll('=', '\\u003d'),
    'a data URI': JSON.stringify(`data:text/plain;charset=utf-8;base64,${base64}`),
    'a data URI without a type': JSON.stringify(`DATA:;BASE64,${base64}`),
    'a Buffer of Node': JSON.stringify(Buffer.from(bytes)),
    'a Buffer, the other way round': JSON.stringify({ data: [...bytes], type: 'Buffer' }),
    'a Uint8Array of Node': JSON.stringify(Object.fromEntries(bytes.entries())),
    'a list of numbers': JSON.stringify([...bytes]),
    'a list of numbers with blanks, as Python writes it': `[ ${[...bytes].join(' ,\n\t')} ]`,
  };
}

describe('threats §6 r11: every spelling of bytes gives the same bytes', () => {
  test('of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
        for (const [name, json] of Object.entries(spellings(bytes))) {
          const content = read(json);
          expect(content.unusable, name).toBeNull();
          expect(Buffer.from(content.bytes).equals(bytes), name).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each(Object.entries(spellings(Uint8Array.from({ length: 256 }, (_, index) => index))))(
    '%s arrives as the same file',
    async (_, json) => {
      const body = `{"from":"a@mine.example","to":"b@people.example","subject":"x","text":"x","attachments":[{"content":${json}}]}`;
      const it = house();
      const answer = await it.call('POST', '/emails', { body });
      expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      const [listed] = (await it.call('GET', `/emails/${answer.body.id}/attachments`)).body.data;
      expect(listed.size).toBe(256);
      expect(it.store.keys()).toEqual([
        `t/default/${sha256(Uint8Array.from({ length: 256 }, (__, index) => index))}`,
      ]);
    },
  );

  test.each([
    ['256', [104, 256]],
    ['-1', [104, -1]],
    ['1.5', [1.5]],
    ['a number written with an exponent', '[1e1]'],
    ['a leading zero is no JSON, in a Buffer neither', '{"type":"Buffer","data":[007]}'],
    ['a gap', { 0: 104, 2: 105 }],
    ['an index that comes too early', '{"1":104,"0":105}'],
    ['indexes that begin at one', { 1: 104 }],
    ['an index written twice', '{"0":104,"0":105}'],
    ['another key beside the indexes', { 0: 104, length: 1 }],
    ['a Buffer of another kind', { type: 'Blob', data: [104] }],
    ['a Buffer without its type', { data: [104] }],
    ['a Buffer with indexes', '{"type":"Buffer","data":[104],"0":104}'],
    ['a Buffer of text', { type: 'Buffer', data: 'aGk=' }],
    ['numbers as text', ['104', '105']],
    ['lists in lists', [[104]]],
    ['null among numbers', [104, null]],
    ['a number', 7],
    ['a truth value', true],
  ])('%s is refused', async (_, content) => {
    const body = typeof content === 'string' ? JSON.parse(content.replace('007', '7')) : content;
    if (typeof content !== 'string') {
      expect(await refused([{ filename: 'a.bin', content: body }])).toMatchObject({
        statusCode: 422,
        name: 'invalid_attachment',
        field: 'attachments[0].content',
      });
    }
    const direct = readContent(
      bytesOf(typeof content === 'string' ? content : JSON.stringify(content)),
      LIMITS,
    );
    expect(direct?.unusable ?? 'no JSON').not.toBeNull();
  });

  test.each([
    ['an empty text', ''],
    ['an empty list', []],
    ['an ArrayBuffer, which JSON does not know', {}],
    ['an empty Buffer', { type: 'Buffer', data: [] }],
    ['line breaks alone', '\r\n'],
    ['a data URI of nothing', 'data:text/plain;base64,'],
  ])('%s is empty, and that is said', async (_, content) => {
    expect(await refused([{ filename: 'a.txt', content }])).toMatchObject({
      statusCode: 422,
      name: 'invalid_attachment',
      message: 'The attachment content is empty.',
      field: 'attachments[0].content',
    });
  });
});

describe('threats §6 r10: base64 that is not quite', () => {
  const NOT_BASE64 = [
    'YQ==YQ==',
    'Y',
    'YQ',
    'YQ=',
    'YR==',
    '-_-_',
    'aG k',
    'aGk=\t',
    'a$k=',
    '안녕',
    '=',
    'aGk===',
  ];

  test.each(NOT_BASE64)('%j is refused for a type that is not textual', async (content) => {
    for (const filename of ['a.pdf', 'a.bin', undefined]) {
      expect(await refused([{ filename, content }])).toMatchObject({
        statusCode: 422,
        name: 'invalid_attachment',
        field: 'attachments[0].content',
      });
    }
  });

  test.each([
    [{ filename: 'a.txt' }],
    [{ filename: 'a.csv' }],
    [{ filename: 'a.json' }],
    [{ filename: 'a.ics' }],
    [{ content_type: 'application/xml' }],
    [{ content_type: 'application/ld+json; charset=utf-8' }],
    [{ contentType: 'TEXT/plain' }],
    [{ content_type: 'message/rfc822' }],
  ])('is the text itself where %j says that it is one', async (named) => {
    const content = 'Subject: 안녕\n\n"quoted" \\ and "\\u0041".';
    const it = house();
    await sent([{ ...named, content }], {}, it);
    expect(it.store.keys()).toEqual([`t/default/${sha256(bytesOf(content))}`]);
  });

  test('is told in the charset that it is in, whatever was announced', async () => {
    const it = house();
    const attachments = [{ content: 'Grüße', content_type: 'text/plain; charset=iso-8859-1' }];
    const { body } = await it.call('POST', '/emails', { body: mail({ attachments }) });
    const [file] = (await it.call('GET', `/emails/${body.id}/attachments`)).body.data;
    expect(file.content_type).toBe('text/plain; charset=utf-8');
  });

  test('a data URI whose base64 is wrong is refused, whatever its type', async () => {
    const content = 'data:text/plain;base64,YQ==YQ==';
    expect(await refused([{ filename: 'a.txt', content }])).toMatchObject({
      field: 'attachments[0].content',
    });
  });

  test('a text that begins like a data URI and is none is a text', async () => {
    const [file] = await sent([{ filename: 'a.txt', content: 'data: 1, 2' }]);
    expect(file?.bytes.toString()).toBe('data: 1, 2');
  });

  test('half of a surrogate pair in a content is refused as that content', async () => {
    const it = house();
    const body =
      '{"from":"a@mine.example","to":"b@people.example","subject":"x","text":"x",' +
      '"attachments":[{"filename":"a.txt","content":"\\ud800"}]}';
    const answer = await it.call('POST', '/emails', { body });
    expect(answer.body).toMatchObject({ statusCode: 422, field: 'attachments[0].content' });
  });
});

describe('content in the text of a request', () => {
  const parse = (text: string) =>
    parseSendJson(bytesOf(text), { maxBytes: 1000, randomBytes: (length) => new Uint8Array(length).fill(9) });
  const code = (text: string) => {
    const parsed = parse(text);
    return parsed.ok ? 'accepted' : parsed.refusal.code;
  };

  test.each([
    '{"attachments":[{"content":"a""b"}]}',
    '{"attachments":[{"content":"a\nb"}]}',
    '{"attachments":[{"content":"\\x"}]}',
    '{"attachments":[{"content":"\\u12"}]}',
    '{"attachments":[{"content":[1}}]}',
    '{"attachments":[{"content":[1]]}]}',
    '{"attachments":[{"content":[1,]}]}',
    '{"attachments":[{"content":[01]}]}',
    '{"attachments":[{"content":{"0":1,}}]}',
    '{"attachments":[{"content":{"0" 1}}]}',
    '{"attachments":[{"content":"aGk=}]}',
    '{"attachments":[{"content":[1',
    '{"attachments":[{"content":{"type":"Buffer","data":[1]}]}',
    '{"attachments":[{"content" "aGk="}]}',
  ])('%j is no JSON', (text) => {
    expect(code(text)).toBe('malformed_body');
  });

  test('stands for itself only where an attachment of a mail is', () => {
    const values = [
      '{"content":"aGk="}',
      '{"x":{"attachments":[{"content":"aGk="}]}}',
      '{"attachments":{"content":"aGk="}}',
      '{"attachments":[[{"content":"aGk="}]]}',
      '{"attachments":[{"x":{"content":"aGk="}}]}',
      '[[{"attachments":[{"content":"aGk="}]}]]',
    ];
    for (const text of values) {
      const parsed = parse(text);
      expect(parsed.ok && parsed.value).toEqual(JSON.parse(text));
    }
  });

  test.each([
    '{"attachments":[{"content":"aGk="}]}',
    '{ "attachments" : [ { "filename" : "content" , "content" : "aGk=" , "x" : "content" } ] }',
    '{"attachments":[{"c\\u006fntent":"aGk="}]}',
    '{"att\\u0061chments":[{"content":[104,105]}]}',
    '{"attachments":[{"content":"eA==","content":"aGk="}]}',
  ])('is found in %j', (text) => {
    const parsed = parse(text);
    const value = parsed.ok ? (parsed.value as unknown as { attachments: { content: Content }[] }) : null;
    const content = value?.attachments[0]?.content;
    expect(content).toBeInstanceOf(Content);
    expect(Buffer.from(content?.bytes ?? []).toString()).toBe('hi');
  });

  test('null stays null', () => {
    expect(parse('{"attachments":[{"content":null}]}')).toEqual({
      ok: true,
      value: { attachments: [{ content: null }] },
    });
  });

  test('the word that stands for what was cut out means nothing to who guesses it wrong', () => {
    const guess = `${'08'.repeat(16)}0`;
    const parsed = parse(`{"attachments":[{"content":"aGk="}],"subject":"${guess}"}`);
    expect(parsed.ok && parsed.value).toMatchObject({ subject: guess });
  });

  test('is not decoded when its length alone says that it is too large', () => {
    const parsed = parse(`{"attachments":[{"content":"${'A'.repeat(1600)}"}]}`);
    const value = parsed.ok ? (parsed.value as unknown as { attachments: { content: Content }[] }) : null;
    expect(value?.attachments[0]?.content.unusable).toBe('too_large');
  });

  test('threats §6 r4: a list of millions of something else is no content, and is not built to find that out', () => {
    const before = process.memoryUsage().heapUsed;
    const parsed = parse(`{"attachments":[{"content":[${'{},'.repeat(3_000_000)}{}]}]}`);
    const value = parsed.ok ? (parsed.value as unknown as { attachments: { content: Content }[] }) : null;
    expect(value?.attachments[0]?.content.unusable).toBe('undecodable');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60_000_000);
  });

  test('threats §6 r4: keys and numbers of a content are data, those around it are counted', () => {
    const bytes = new Uint8Array(200_000).fill(7);
    const indexed = JSON.stringify(Object.fromEntries(bytes.entries()));
    expect(code(`{"attachments":[{"content":${indexed}}]}`)).toBe('accepted');
    expect(code(`[{"attachments":[{"content":${JSON.stringify([...bytes])}}]}]`)).toBe('accepted');
    expect(code(`{"x":{"attachments":[{"content":${JSON.stringify([...bytes])}}]}}`)).toBe('malformed_body');
  });
});
