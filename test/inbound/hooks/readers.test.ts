import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeldBytes } from '../../../src/inbound/hooks/held-bytes.ts';
import { addressList } from '../../../src/inbound/hooks/hook-reading.ts';
import { MemberReader } from '../../../src/inbound/hooks/members.ts';
import { formBoundary, MultipartReader } from '../../../src/inbound/hooks/multipart.ts';
import {
  type FieldEvents,
  type FieldReader,
  type Fields,
  readFields,
} from '../../../src/inbound/hooks/read-fields.ts';
import { UrlencodedReader } from '../../../src/inbound/hooks/urlencoded.ts';
import { collected, EIGHT_BIT_MAIL, type Field, multipart, pieces, urlencoded } from './payloads.ts';

type Make = (events: FieldEvents) => FieldReader;

const WANTED = {
  content: 'mail',
  values: ['a', 'b', ''],
  maxBytes: 65_536,
  maxBodyBytes: 1_048_576,
  share: { take: () => true, close: () => undefined },
};
const form: Make = (events) => new MultipartReader(events, 'xYzZY');
const urlencodedForm: Make = (events) => new UrlencodedReader(events);
const members: Make = (events) => new MemberReader(events);

function read(bytes: Uint8Array, make: Make, size?: number, wanted = WANTED): Promise<Fields> {
  return readFields(pieces(bytes, size), make, wanted);
}

async function told(fields: Fields): Promise<object> {
  if (fields.kind !== 'read') return fields;
  const { values, content, isRepeated } = fields;
  const mail = content === null ? null : (await collected(content.release())).toString('latin1');
  return { a: values.get('a'), b: values.get('b'), mail, isRepeated };
}

const anyBytes = fc.uint8Array({ maxLength: 200 });
/** Bytes that are made of what a delimiter is made of. */
const almostDelimiters = fc
  .array(
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '-',
      '--',
      '--xYzZY',
      'xYzZY--',
      '\r\n--xYzZY',
      '\r\n--xYzZY--\r\n',
      ' ',
      'a',
    ),
    { maxLength: 20 },
  )
  .map((words) => Buffer.from(words.join(''), 'latin1'));

describe.each([
  ['multipart', form, multipart],
  ['urlencoded', urlencodedForm, urlencoded],
] as const)('a form as %s', (_, make, print) => {
  it('gives back every byte of a mail, whatever the pieces in which it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(anyBytes, almostDelimiters),
        fc.string({ maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        async (mail, value, size) => {
          const { bytes } = print([
            ['a', value],
            ['mail', mail],
            ['other', 'x'],
            ['b', ''],
          ]);
          expect(await told(await read(bytes, make, size))).toEqual({
            a: [Buffer.from(value).toString('utf8')],
            b: [''],
            mail: Buffer.from(mail).toString('latin1'),
            isRepeated: false,
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('keeps the order of values of one name, and the first of two mails', async () => {
    const { bytes } = print([
      ['a', '1'],
      ['mail', 'first'],
      ['a', '2'],
      ['mail', 'second'],
    ]);
    expect(await told(await read(bytes, make))).toEqual({
      a: ['1', '2'],
      b: [],
      mail: 'first',
      isRepeated: true,
    });
  });

  it('holds no more than is allowed: of the mail, of a value, of the whole', async () => {
    const tooLarge = { kind: 'too_large' };
    const big = Buffer.alloc(70_000, 'x');
    expect(await read(print([['mail', big]]).bytes, make)).toEqual(tooLarge);
    expect(await read(print([['a', big]]).bytes, make)).toEqual(tooLarge);
    const many: readonly Field[] = Array.from({ length: 20 }, () => ['other', big]);
    expect(await read(print(many).bytes, make)).toEqual(tooLarge);
    expect((await read(print(many.slice(0, 5)).bytes, make)).kind).toBe('read');
  });

  it('keeps few values of a name that comes 100,000 times', async () => {
    const many: readonly Field[] = Array.from({ length: 5_000 }, () => ['a', 'x']);
    const fields = await read(print(many).bytes, make);
    expect(fields.kind === 'read' && fields.values.get('a')?.length).toBe(16);
  });
});

describe('multipart/form-data', () => {
  const [start, end] = [
    '--xYzZY\r\nContent-Disposition: form-data; name="mail"\r\n\r\n',
    '\r\n--xYzZY--\r\n',
  ];
  const readText = (text: string): Promise<Fields> => read(Buffer.from(text, 'latin1'), form);

  it.each([
    ['a boundary that begins like the delimiter', '\r\n--xYzZYa\r\nContent-Type: x\r\n'],
    ['a delimiter with no header behind it', 'quoted:\r\n--xYzZY\r\n\r\nhello'],
    ['the closing delimiter with more behind it', 'quoted:\r\n--xYzZY--\r\nhello'],
    ['a delimiter after a lone LF', 'a\n--xYzZY\r\nContent-Type: x\r\n'],
  ])('takes %s as bytes of the mail', async (_, mail) => {
    expect(await told(await readText(start + mail + end))).toMatchObject({ mail, isRepeated: false });
  });

  it.each([
    ['nothing', ''],
    ['no delimiter', 'hello'],
    ['no end', `${start}hello`],
    ['an end that is cut', `${start}hello\r\n--xYzZY-`],
    ['a header without an end', '--xYzZY\r\nContent-Disposition: form-data; name="mail"\r\n'],
    ['a part without a name', `--xYzZY\r\nContent-Disposition: form-data\r\n\r\nhello${end}`],
    ['a part that is none of a form', `--xYzZY\r\nContent-Type: text/plain\r\n\r\nhello${end}`],
    [
      'a part in base64',
      `--xYzZY\r\nContent-Disposition: form-data; name="mail"\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=${end}`,
    ],
    [
      'a header of 20 kB',
      `--xYzZY\r\nContent-Disposition: form-data; name="${'x'.repeat(20_000)}"\r\n\r\nhello${end}`,
    ],
  ])('is malformed with %s', async (_, text) => {
    expect(await readText(text)).toEqual({ kind: 'malformed' });
  });

  it('knows a part by its name, with a file name and a type beside it, and passes over a preamble', async () => {
    const header =
      'Content-Type: message/rfc822\r\nContent-Disposition: form-data; filename="m.eml"; name=mail';
    const text = `preamble\r\n--xYzZY \r\n${header}\r\n\r\nhello\r\n--xYzZY--`;
    expect(await told(await readText(text))).toMatchObject({ mail: 'hello' });
  });

  it.each([
    ['multipart/form-data; boundary=xYzZY', 'xYzZY'],
    ['Multipart/Form-Data; charset=utf-8; boundary="a b"', 'a b'],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=""', null],
    ['multipart/mixed; boundary=xYzZY', null],
    ['', null],
  ])('the boundary of %s is %s', (type, boundary) => {
    expect(formBoundary(type)).toBe(boundary);
  });

  it('a boundary of 201 characters is none', () => {
    expect(formBoundary(`multipart/form-data; boundary=${'x'.repeat(201)}`)).toBeNull();
  });
});

describe('application/x-www-form-urlencoded', () => {
  it.each([
    ['a=1&mail=x%0d%0A+y', { a: ['1'], mail: 'x\r\n y' }],
    ['mail==&=&&a', { a: [''], mail: '=' }],
    ['mail', { mail: '' }],
    ['%61=%c3%a4', { a: ['ä'], mail: null }],
  ])('%s', async (text, expected) => {
    expect(await told(await read(Buffer.from(text), urlencodedForm))).toMatchObject(expected);
  });

  it.each(['mail=%', 'mail=%0', 'mail=%zz', 'mail=%%41'])('is malformed: %s', async (text) => {
    expect(await read(Buffer.from(text), urlencodedForm)).toEqual({ kind: 'malformed' });
  });
});

describe('the members of an object', () => {
  it('are what JSON.parse and TextEncoder make of them, whatever the pieces in which they come', async () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'ключ');
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.dictionary(keys, fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }))),
        fc.integer({ min: 1, max: 30 }),
        fc.boolean(),
        async (mail, others, size, isAscii) => {
          const json = JSON.stringify({ ...others, mail, last: { mail: 'inner' } }, null, 1);
          const text = isAscii ? asciiJson(json) : json;
          const expected = (name: string): readonly string[] => {
            const value = others[name];
            return typeof value === 'string' ? [new TextDecoder().decode(Buffer.from(value))] : [];
          };
          expect(await told(await read(Buffer.from(text), members, size))).toEqual({
            a: expected('a'),
            b: expected('b'),
            mail: Buffer.from(mail).toString('latin1'),
            isRepeated: false,
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('reads escapes, and half a surrogate pair as the character that says so', async () => {
    const text = String.raw`{"mail":"\r\n\t\b\f\/\\\" \u00e4 \ud83d\ude00 \ud83d, \ude00 \ud83d\ud83d\ude00\ud83d"}`;
    const fields = await read(Buffer.from(text), members, 1);
    const mail = fields.kind === 'read' && fields.content && (await collected(fields.content.release()));
    expect(mail ? mail.toString('utf8') : null).toBe('\r\n\t\b\f/\\" ä 😀 �, � �😀�');
  });

  it.each([
    ['', 'nothing'],
    ['[]', 'a list'],
    ['"mail"', 'a text'],
    ['{"mail":"x"', 'an object that does not end'],
    ['{"mail":"x', 'a string that does not end'],
    ['{"mail":"x"}{', 'something behind it'],
    ['{"mail":"\\x"}', 'an escape that is none'],
    ['{"mail":"\\u12g4"}', 'digits that are none'],
    ['{"mail" "x"}', 'no colon'],
    ['{"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[', 'a depth of 65'],
  ])('%s is malformed: %s', async (text) => {
    expect(await read(Buffer.from(text), members)).toEqual({ kind: 'malformed' });
  });
});

/** The same text with every character beyond ASCII as an escape. */
function asciiJson(json: string): string {
  return json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe('held bytes', () => {
  it('come out as they went in, once, and no more go in than there is room for', async () => {
    const held = new HeldBytes(3_000_000);
    const expected = Buffer.concat(Array.from({ length: 9_000 }, () => EIGHT_BIT_MAIL)).subarray(
      0,
      3_000_000,
    );
    for await (const piece of pieces(expected, 7_777)) expect(held.add(piece)).toBe(true);
    expect(held.size).toBe(3_000_000);
    expect((await collected(held.release())).equals(expected)).toBe(true);
    expect((await collected(held.release())).length).toBe(0);
    expect(held.add(Buffer.from('x'))).toBe(false);
  });
});

it("a name of 100,000 characters is nobody's, and nothing breaks over it", async () => {
  const name = 'mail'.repeat(25_000);
  const bodies = [
    [`{"${name}":"x","a":"1"}`, members],
    [`${name}=x&a=1`, urlencodedForm],
  ] as const;
  for (const [text, make] of bodies)
    expect(await told(await read(Buffer.from(text), make, 1_000))).toMatchObject({ a: ['1'], mail: null });
});

it('a body that breaks off in the middle is malformed', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('mail=x');
    throw new Error('the client went away');
  }
  expect(await readFields(broken(), urlencodedForm, WANTED)).toEqual({ kind: 'malformed' });
});

describe('a list of addresses', () => {
  it.each([
    ['a@b.example, <c@d.example>', ['a@b.example', 'c@d.example']],
    ['"a,b"@c.example,d@e.example', ['"a,b"@c.example', 'd@e.example']],
    ['"a\\",b"@c.example', ['"a\\",b"@c.example']],
    ['a@b.example,"c@d.example,e@f.example', ['a@b.example', '"c@d.example,e@f.example']],
    ['"a\\', ['"a\\']],
  ])('%s', (written, addresses) => {
    expect(addressList(written)).toEqual(addresses);
  });
});
