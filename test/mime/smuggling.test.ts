import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/mime/compose.ts';
import type { Message } from '../../src/mime/message.ts';
import { byteFaults, isSevenBit, readMessage } from '../support/header-reader.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';

const ENDINGS = [
  '\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r.\r\n',
  '\r\n.\r',
  '\r\n.\n',
  '\r\r\n.\r\r\n',
  '\0.\r\n',
  '.\0\r\n',
];

/** Short and plain (travels as it is), accented (quoted-printable), Korean (base64). */
const FILLINGS = ['before', 'befóre and after some more words', '그 전에'];

const PARTS: readonly (readonly [part: string, place: (body: string) => Partial<Message>])[] = [
  ['text', (text) => ({ text, html: null })],
  ['html', (html) => ({ text: null, html })],
  ['text beside html', (text) => ({ text, html: '<p>x</p>' })],
  ['html beside text', (html) => ({ text: 'x', html })],
];

const read = (body: string): string => body.replace(/\r\n|\r|\n/g, '\n');

describe.each(PARTS)('in %s', (_part, place) => {
  it.each(ENDINGS)('threats §2 r1: the ending %j is only text', async (ending) => {
    for (const filling of FILLINGS) {
      const body = `${filling}${ending}MAIL FROM:<x@y.example>${ending}after`;
      const bytes = await bytesOf(await compose({ ...plainMessage, ...place(body) }));
      const email = await PostalMime.parse(bytes);
      const back = [email.text, email.html].find((text) => text?.includes('MAIL FROM'));
      expect([byteFaults(bytes), isSevenBit(bytes), read(back ?? '').trimEnd()]).toEqual([
        [],
        true,
        read(body),
      ]);
    }
  });

  it.each([
    '.',
    '..',
    '.\r\n.\r\n',
    'end\r\n.',
    'a\r\n.\r\nMAIL FROM:<x@y.example>\r\nRCPT TO:<x@y.example>\r\n',
    '\r\n.\r\nQUIT',
  ])('threats §2 r2: the body %j is read back unchanged', async (body) => {
    const bytes = await bytesOf(await compose({ ...plainMessage, ...place(body) }));
    const email = await PostalMime.parse(bytes);
    const back = [email.text, email.html].map((text) => read(text ?? '').trimEnd());
    expect(byteFaults(bytes)).toEqual([]);
    expect(back).toContain(read(body).trimEnd());
  });
});

it('threats §2 r1: no text can close its part, because the boundary cannot be guessed', async () => {
  const guesses = ['--mw--Part_1', '--mw-Part_1--', '--Part_1', `--mw-${plainMessage.messageId}-Part_1`];
  const text = `${guesses.join('\r\n')}\r\nContent-Type: text/html\r\n\r\n<script>\r\n`;
  const email = await PostalMime.parse(
    await bytesOf(await compose({ ...plainMessage, text, html: '<p>x</p>' })),
  );
  expect([email.text?.trimEnd(), email.html?.trimEnd(), email.attachments.length]).toEqual([
    read(text).trimEnd(),
    '<p>x</p>',
    0,
  ]);
});

it('a line break of any kind becomes CRLF, once', async () => {
  const { body } = readMessage(await bytesOf(await compose({ ...plainMessage, text: 'a\nb\rc\r\nd\n\re' })));
  expect(body).toBe('a\r\nb\r\nc\r\nd\r\n\r\ne\r\n');
});

it('a boundary of another message in the text stays text', async () => {
  const other = await bytesOf(
    await compose({ ...plainMessage, boundary: 'AAAAAAAAAAAAAAAA', html: '<p>x</p>' }),
  );
  const email = await PostalMime.parse(
    await bytesOf(await compose({ ...plainMessage, text: latin1(other) })),
  );
  expect(email.text?.trimEnd()).toBe(read(latin1(other)).trimEnd());
});
