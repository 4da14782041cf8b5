import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readMail } from '../../bench/scores/read-mail.ts';
import * as limits from '../../src/mime/parse-limits.ts';
import { parseMail } from '../../src/mime/parse-mail.ts';
import { expectProportional } from '../support/growth.ts';
import { HOSTILE_MAIL, type HostileMail } from '../support/hostile-mail.ts';

const MIB = 1024 * 1024;
/** The caps of the threat list, which may not rise unseen. */
const CAPS = {
  MAX_HEADER_BYTES: 256 * 1024,
  MAX_HEADER_FIELDS: 1_000,
  MAX_DEPTH: 64,
  MAX_PARTS: 1_000,
  MAX_LINES: 500_000,
  MAX_TEXT_LINES: 50_000,
  MAX_LINE_BYTES: MIB,
  MAX_PARAMETERS: 100,
};
/** Larger than every limit that is counted in bytes of a line, smaller than a test may cost. */
const SIZE = 2 * MIB;

async function read(mail: HostileMail, bytes: number) {
  return parseMail({
    source: asCame(mail.pieces(bytes)),
    sink: async (_head, body) => {
      let size = 0;
      for await (const piece of body) size += piece.length;
      return size;
    },
  });
}

async function* asCame(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

const of = (row: number) => HOSTILE_MAIL.filter((mail) => mail.row === row);

async function isLimited(mail: HostileMail): Promise<void> {
  let parsed = await read(mail, 0);
  await expectProportional(mail.isHeader === true ? limits.MAX_HEADER_BYTES : SIZE, async (bytes) => {
    parsed = await read(mail, bytes);
  });
  if (mail.breaks !== null) {
    expect(parsed.limits).toContain(mail.breaks);
    expect(parsed.parse).toBe('limited');
  }
  const kept = JSON.stringify({ ...parsed, headers: null, fields: null, attachments: null });
  expect(kept.length).toBeLessThan(4 * limits.MAX_TEXT_BYTES);
  expect(parsed.attachments.length).toBeLessThanOrEqual(limits.MAX_PARTS);
  expect(parsed.fields.length).toBeLessThanOrEqual(limits.MAX_HEADER_FIELDS);
}

test('the caps are those of the threat list', () => {
  expect(limits).toMatchObject(CAPS);
});

describe('a mail at the limit is read whole, and one step beyond it is limited', () => {
  const header = (lines: readonly string[]) => Buffer.from(`${lines.join('\r\n')}\r\n\r\nbody`);
  const body = (head: string, text: string) => Buffer.from(`${head}\r\n\r\n${text}`);

  test.each<[name: string, limit: string, at: () => Buffer, beyond: () => Buffer]>([
    [
      'threats §7 r2: bytes of a header',
      'header',
      () => header([`X: ${'x'.repeat(limits.MAX_HEADER_BYTES - 5)}`]),
      () => header([`X: ${'x'.repeat(limits.MAX_HEADER_BYTES - 4)}`]),
    ],
    [
      'threats §7 r2: fields of a header',
      'fields',
      () => header(Array(limits.MAX_HEADER_FIELDS).fill('X: x')),
      () => header(Array(limits.MAX_HEADER_FIELDS + 1).fill('X: x')),
    ],
    [
      'threats §7 r5: lines of text that is not encoded',
      'lines',
      () => body('X: x', '\n'.repeat(limits.MAX_TEXT_LINES - 1)),
      () => body('X: x', '\n'.repeat(limits.MAX_TEXT_LINES)),
    ],
    [
      'threats §7 r6: lines in all',
      'lines',
      () => body('Content-Type: image/x', '\n'.repeat(limits.MAX_LINES - 2)),
      () => body('Content-Type: image/x', '\n'.repeat(limits.MAX_LINES - 1)),
    ],
    [
      'threats §7 r7: bytes of a line',
      'line_length',
      () => body('X: x', 'x'.repeat(limits.MAX_LINE_BYTES)),
      () => body('X: x', 'x'.repeat(limits.MAX_LINE_BYTES + 1)),
    ],
    [
      'threats §7 r8: parameters of a field',
      'parameters',
      () => body(`Content-Type: text/plain${'; a=b'.repeat(limits.MAX_PARAMETERS)}`, ''),
      () => body(`Content-Type: text/plain${'; a=b'.repeat(limits.MAX_PARAMETERS + 1)}`, ''),
    ],
    [
      'threats §7 r8: sections of a parameter',
      'parameters',
      () => body(`Content-Type: text/plain${'; name*0=b'.repeat(limits.MAX_PARAMETERS)}`, ''),
      () => body(`Content-Type: text/plain${'; name*0=b'.repeat(limits.MAX_PARAMETERS + 1)}`, ''),
    ],
    [
      'bytes of text',
      'text',
      () => encodedText(limits.MAX_TEXT_BYTES),
      () => encodedText(limits.MAX_TEXT_BYTES + 1),
    ],
  ])('%s', async (_name, limit, at, beyond) => {
    expect((await readMail(at())).limits).toEqual([]);
    expect((await readMail(beyond())).limits).toEqual([limit]);
  });

  function encodedText(size: number): Buffer {
    const content = Buffer.alloc(size, 'x').toString('base64');
    return body('Content-Transfer-Encoding: base64', content);
  }

  test('threats §7 r1: bytes in all', async () => {
    const sized = async (size: number) => {
      async function* source() {
        const head = Buffer.from('Content-Type: image/x\r\n\r\n');
        yield head;
        const piece = Buffer.alloc(MIB, 'x');
        for (let left = size - head.length; left > 0; left -= MIB)
          yield piece.subarray(0, Math.min(left, MIB));
      }
      const sink = async (_head: unknown, bytes: AsyncIterable<Uint8Array>) => {
        for await (const _ of bytes);
      };
      return (await parseMail({ source: source(), sink })).limits;
    };
    expect(await sized(limits.MAX_RAW_BYTES)).toEqual([]);
    expect(await sized(limits.MAX_RAW_BYTES + 1)).toEqual(['bytes']);
  });
});

describe('threats §7 r10: nesting', () => {
  test.each(of(10))('$name', isLimited);
});
describe('threats §7 r11: parts', () => {
  test.each(of(11))('$name', isLimited);
});
describe('threats §7 r12: headers and long lines', () => {
  test.each(of(12))('$name', isLimited);
});
describe('threats §7 r13: line ends only', () => {
  test.each(of(13))('$name', isLimited);
});
describe('threats §7 r14: floods in header fields', () => {
  test.each(of(14))('$name', isLimited);
});
describe('threats §7 r15: floods in parameters, and boundaries', () => {
  test.each(of(15))('$name', isLimited);
});
describe('threats §7 r16: floods in transfer encodings and flowed text', () => {
  test.each(of(16))('$name', isLimited);
});
describe('threats §7 r17: floods in HTML and text', () => {
  test.each(of(17))('$name', isLimited);
});
describe('threats §7 r19: escapes and report blocks', () => {
  test.each(of(19))('$name', isLimited);
});

test('threats §7 r12: what the header reader found before the limit is in the answer', async () => {
  for (const mail of of(12))
    expect(await read(mail, SIZE)).toMatchObject({ from: [{ address: 'a@b.example' }], subject: 'hostile' });
});

test('threats §7 r3, r10: a mail nested to the limit is read whole, one level deeper is a file', async () => {
  const nested = (depth: number): Buffer => {
    const opened = Array.from(
      { length: depth },
      (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
    );
    return Buffer.from(`${opened.join('')}\r\nat the bottom`);
  };
  expect(await readMail(nested(limits.MAX_DEPTH))).toMatchObject({ parse: 'full', text: 'at the bottom' });
  const deeper = await readMail(nested(limits.MAX_DEPTH + 1));
  expect(deeper).toMatchObject({
    limits: ['depth'],
    text: null,
    attachments: [{ contentType: 'multipart/mixed' }],
  });
});

test('threats §7 r3, r10: enclosed mail is a file and never opened, however deep', async () => {
  const mail = await readMail(Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(5_000)));
  expect(mail).toMatchObject({ parse: 'full', attachments: [{ contentType: 'message/rfc822' }] });
});

test('threats §7 r4, r11: a mail with as many parts as allowed is read whole', async () => {
  const parts = (count: number) =>
    Buffer.from(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\nContent-Type: image/x\r\n\r\nx\r\n'.repeat(count)}--b--`,
    );
  // The multipart is a part itself.
  expect(await readMail(parts(limits.MAX_PARTS - 1))).toMatchObject({ parse: 'full' });
  expect(await readMail(parts(limits.MAX_PARTS))).toMatchObject({ limits: ['parts'] });
});

test('threats §7 r13: 25 MiB of base64 in lines of 76 characters pass', async () => {
  const line = `${'QUJD'.repeat(19)}\r\n`;
  const count = Math.ceil((25 * MIB) / line.length);
  const head = 'Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\n\r\n';
  const block = Buffer.from(line.repeat(1_000));
  async function* source() {
    yield Buffer.from(head);
    for (let left = count; left > 0; left -= 1_000)
      yield block.subarray(0, Math.min(left, 1_000) * line.length);
  }
  let size = 0;
  const mail = await parseMail({
    source: source(),
    sink: async (_head, body) => {
      for await (const piece of body) size += piece.length;
    },
  });
  expect(mail).toMatchObject({ parse: 'full', attachments: [{ size: count * 57 }] });
  expect(size).toBe(count * 57);
});

test('threats §7 r13: a file that is cut by a limit is not among the attachments, and its sink is told', async () => {
  let failure: unknown;
  const mail = await parseMail({
    source: asCame([
      Buffer.from('Subject: yes\r\nContent-Type: image/x\r\n\r\n'),
      Buffer.alloc(limits.MAX_LINES + 10, '\n'),
    ]),
    sink: async (_head, body) => {
      try {
        for await (const _ of body);
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  expect(mail).toMatchObject({ limits: ['lines'], attachments: [], subject: 'yes' });
  expect(failure).toBeInstanceOf(Error);
});

test('threats §7 r20: headers named __proto__ and constructor are headers like others', async () => {
  const { headers } = await readMail(
    Buffer.from('__proto__: polluted\r\nconstructor: c\r\ntoString: t\r\n\r\n'),
  );
  expect(Object.getPrototypeOf(headers)).toBeNull();
  expect(Object.entries(headers)).toEqual([
    ['__proto__', 'polluted'],
    ['constructor', 'c'],
    ['tostring', 't'],
  ]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(JSON.parse(JSON.stringify(headers))).toHaveProperty('constructor', 'c');
});

test('threats §7 r21: of two From, Subject or Content-Type fields the first counts, and it is flagged', async () => {
  const mail = await readMail(
    Buffer.from(
      'From: a@b.example\r\nFrom: evil@c.example\r\nSubject: one\r\nSubject: two\r\n' +
        'Content-Type: text/plain; charset=utf-8\r\nContent-Type: text/html\r\n\r\n<b>',
    ),
  );
  expect(mail).toMatchObject({ from: [{ address: 'a@b.example' }], subject: 'one', text: '<b>', html: null });
  expect(mail.repeated).toEqual(['from', 'subject', 'content-type']);
});

test('threats §7 r23: a boundary that begins like another is not that other; a missing final one costs nothing', async () => {
  const mail = await readMail(
    Buffer.from(
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--bb\r\n--b-\r\n--b x\r\n' +
        '--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\ntwo\r\n--b\r\n\r\nthree',
    ),
  );
  expect(mail.text).toBe('one\n--bb\n--b-\n--b x\ntwo\nthree');
});

test('threats §7 r24: an archive is handed on as it came and never looked into', async () => {
  const archive = Buffer.from([0x50, 0x4b, 3, 4, ...Array.from({ length: 100 }, (_, n) => n)]);
  const mail = await readMail(
    Buffer.from(
      `Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${archive.toString('base64')}`,
    ),
  );
  expect(mail.attachments[0]?.kept).toEqual(archive);
});

test('the time that a mail may take can be ended: what was read until then is the answer', async () => {
  const ended = new AbortController();
  async function* source() {
    yield Buffer.from(`Subject: begun\r\n\r\n${'x'.repeat(70_000)}`);
    ended.abort();
    yield Buffer.alloc(200_000, 'y');
  }
  const mail = await parseMail({ source: source(), sink: async () => {}, signal: ended.signal });
  expect(mail).toMatchObject({ parse: 'limited', limits: ['time'], subject: 'begun' });
  expect(mail.text?.length).toBe(65_536 - 'Subject: begun\r\n\r\n'.length);
});

describe('however the bytes come, the answer is the same', () => {
  const WORDS = [
    '--b',
    '--b--',
    '--bb',
    '--',
    '\r\n',
    '\n',
    '\r',
    ' ',
    '\t',
    'x',
    '=',
    '=3D',
    '=\r\n',
    'YWJj',
    'From: a@b\r\n',
    'Content-Type: text/plain\r\n',
    'Content-Type: text/html; charset=euc-kr\r\n',
    'Content-Type: multipart/mixed; boundary=b\r\n',
    'Content-Type: multipart/mixed; boundary="bb"\r\n',
    'Content-Type: image/x\r\n',
    'Content-Type: message/rfc822\r\n',
    'Content-Transfer-Encoding: base64\r\n',
    'Content-Transfer-Encoding: quoted-printable\r\n',
    'begin 644 a\n',
    '#86)C\n',
    'end\n',
    '\xb0\xa1',
    ':',
  ];
  test('for mail made of everything that means something', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...WORDS), { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        async (words, step) => {
          const bytes = Buffer.from(
            `Content-Type: multipart/mixed; boundary=b\r\n${words.join('')}`,
            'latin1',
          );
          expect(await readMail(bytes, step)).toEqual(await readMail(bytes));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('for hostile mail, where it is cut by a limit', async () => {
    for (const mail of HOSTILE_MAIL) {
      const bytes = Buffer.concat([...mail.pieces(100_000)]);
      expect(await readMail(bytes, 1_009), mail.name).toEqual(await readMail(bytes));
    }
  });
});
