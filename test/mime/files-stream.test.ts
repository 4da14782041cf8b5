import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATTACHMENTS_VERSION, COMPOSER_VERSION, compose } from '../../src/mime/compose.ts';
import type { MessageAttachment } from '../../src/mime/message.ts';
import { byteFaults, isSevenBit } from '../support/header-reader.ts';
import { file, type GivenFile, withFiles } from './files-under-test.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';
import { readParts } from './part-reader.ts';

const content = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 400 }),
  fc
    .array(fc.constantFrom('a', 'é', '.', '\r', '\n', '\r\n', '\r\n.\r\n', 'x'.repeat(500), ' '), {
      minLength: 1,
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);
const files: fc.Arbitrary<readonly GivenFile[]> = fc.array(
  fc.record({
    content,
    pieces: fc.integer({ min: 1, max: 300 }),
    filename: fc.constantFrom('a.txt', '견적서.pdf', 'a"b', `${'가'.repeat(40)}.png`),
    contentType: fc.constantFrom(
      'application/pdf',
      'message/rfc822',
      'text/calendar; method=REQUEST',
      'text/plain',
    ),
    contentId: fc.constantFrom(null, 'logo', 'other@x'),
  }),
  { minLength: 1, maxLength: 5 },
);
const body = fc.option(
  fc.constantFrom(
    'plain',
    'plain\r\n',
    'two\n\n',
    'a\r',
    'Grüße\n',
    'Grüße, und mehr davon für die Kürze',
    '그 전에',
    'x'.repeat(1_500),
    '',
  ),
  {
    nil: null,
  },
);

describe('a message with files', () => {
  it('is as long as was said before a byte of it was read, clean, and the same every time', async () => {
    await fc.assert(
      fc.asyncProperty(files, body, body, async (given, text, html) => {
        const made = await compose(withFiles(given, { text, html }));
        const bytes = await bytesOf(made);
        expect(made.size).toBe(bytes.length);
        expect([byteFaults(bytes), isSevenBit(bytes), latin1(bytes).endsWith('--\r\n')]).toEqual([
          [],
          true,
          true,
        ]);
        const leaves = readParts(bytes);
        const shown = [text, html].filter((one) => one !== null && one !== '');
        expect(leaves.slice(0, shown.length).map((leaf) => leaf.content.toString())).toEqual(
          shown.map((one) => one?.replace(/\r\n|\r|\n/g, '\r\n')),
        );
        expect(leaves).toHaveLength(shown.length + given.length);
        const otherwise = given.map((one) => ({ ...one, pieces: 1_000 }));
        const again = await compose(withFiles(otherwise, { text, html }));
        expect(latin1(await bytesOf(again))).toBe(latin1(bytes));
        expect(latin1(await bytesOf(made))).toBe(latin1(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('has a version of its own, and one without keeps the first', async () => {
    const { version, sha256 } = await compose(withFiles([{ content: 'x' }]));
    expect({ version, sha256 }).toEqual({ version: ATTACHMENTS_VERSION, sha256: null });
    const plain = await compose(plainMessage);
    expect(plain.version).toBe(COMPOSER_VERSION);
    expect(plain.sha256).toBe(
      createHash('sha256')
        .update(await bytesOf(plain))
        .digest('hex'),
    );
  });

  it('reads no file before its turn, and one after the other', async () => {
    const log: string[] = [];
    const logged = (name: string): MessageAttachment => {
      const one = file({ content: 'x'.repeat(100_000), pieces: 50_000, filename: name });
      return {
        ...one,
        async *open() {
          log.push(`open ${name}`);
          yield* one.open();
          log.push(`end ${name}`);
        },
      };
    };
    const made = await compose({ ...plainMessage, attachments: [logged('a'), logged('b')] });
    expect(log).toEqual([]);
    const pieces = made.open()[Symbol.asyncIterator]();
    await pieces.next();
    await pieces.next();
    expect(log).toEqual(['open a']);
    while ((await pieces.next()).done !== true);
    expect(log).toEqual(['open a', 'end a', 'open b', 'end b']);
  });

  it('whoever stops reading lets the file go', async () => {
    let isClosed = false;
    const one = file({ content: 'x'.repeat(100_000), pieces: 20_000 });
    const attachment: MessageAttachment = {
      ...one,
      async *open() {
        try {
          yield* one.open();
        } finally {
          isClosed = true;
        }
      },
    };
    for await (const piece of (await compose({ ...plainMessage, attachments: [attachment] })).open()) {
      if (piece.length > 10_000) break;
    }
    expect(isClosed).toBe(true);
  });

  it.each([-1, 1])('a file that is %i byte off what was said is an error and no message', async (off) => {
    const one = file({ content: 'x'.repeat(57 * 4) });
    const made = await compose({ ...plainMessage, attachments: [{ ...one, size: one.size + off * 57 }] });
    await expect(bytesOf(made)).rejects.toThrow('not as long');
  });

  it('an error of a file ends the message in that error, not in its last boundary', async () => {
    const attachment: MessageAttachment = {
      ...file({ content: 'x'.repeat(200) }),
      async *open() {
        yield new Uint8Array(100);
        throw new Error('the store is gone');
      },
    };
    const made = await compose({ ...plainMessage, attachments: [attachment] });
    let text = '';
    const reading = (async () => {
      for await (const piece of made.open()) text += latin1(piece);
    })();
    await expect(reading).rejects.toThrow('the store is gone');
    expect(text).not.toMatch(/--\r\n$/);
  });

  it('a name that needs SMTPUTF8 says so, as without files', async () => {
    const to = [{ name: '', address: 'użytkownik@good.example' }];
    expect((await compose(withFiles([{ content: 'x' }], { to }))).needsSmtpUtf8).toBe(true);
    expect((await compose(withFiles([{ content: 'x' }]))).needsSmtpUtf8).toBe(false);
  });
});

it('threats §1 r17: no header field of a message with files but the intended ones, and no Bcc', async () => {
  const bytes = await bytesOf(
    await compose(withFiles([{ content: 'Bcc: x@y.example', filename: 'Bcc.txt' }])),
  );
  expect(
    latin1(bytes)
      .split('\r\n\r\n')[0]
      ?.split('\r\n')
      .map((line) => line.split(':')[0]),
  ).toEqual([
    'From',
    'To',
    'Subject',
    'Date',
    'Message-ID',
    'MIME-Version',
    'Content-Type',
    ' boundary="mw-k3Jd9sLq0aZx7WvB-mixed"',
  ]);
});
