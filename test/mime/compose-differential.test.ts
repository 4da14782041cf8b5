import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose } from '../../src/mime/compose.ts';
import type { Message } from '../../src/mime/message.ts';
import { composeWithNodemailer } from './composer-of-nodemailer.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';

/** Our bytes are those of the library that wrote them first: a row that was sent once is sent as the same bytes again. */
async function expectSame(change: Partial<Message>): Promise<void> {
  const message = { ...plainMessage, ...change };
  const ours = Buffer.from(await bytesOf(await compose(message)));
  const theirs = await composeWithNodemailer(message);
  // Compared whole first: the text of a difference in a long message costs more than all the rest.
  if (!ours.equals(theirs)) expect(latin1(ours)).toBe(latin1(theirs));
}

const characters = fc.constantFrom(
  ...'abcxyzABC019 =.,!?\t-_/<>"&;',
  'é',
  'ü',
  'ß',
  '한',
  '글',
  '🎉',
  '\0',
  '\u007f',
  '\u2028',
  '\ud800',
);
const word = fc.string({ unit: characters, maxLength: 30 });
const longWord = fc
  .tuple(fc.constantFrom('x', 'é', '한', '🎉', '=', 'aé', 'x한', ' '), fc.integer({ min: 1, max: 200 }))
  .map(([unit, count]) => unit.repeat(count));
const space = fc.constantFrom(
  ' ',
  ' ',
  ' ',
  '',
  '  ',
  '\t',
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  ' \r\n',
  '. ',
  ',',
);
const text = fc
  .array(fc.tuple(fc.oneof({ weight: 5, arbitrary: word }, longWord), space), { maxLength: 40 })
  .map((pieces) => pieces.flat().join(''));
const body = fc.option(text, { nil: null });
const boundary = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 40 });

describe('the composer writes what nodemailer writes, byte for byte', () => {
  it('for generated texts, html and both', async () => {
    await fc.assert(fc.asyncProperty(fc.record({ text: body, html: body, boundary }), expectSame), {
      numRuns: 1_500,
    });
  }, 60_000);

  it('for lines of every length around the limit, of every kind of character', async () => {
    for (const unit of ['x', 'é', '한', '🎉', '=', ' ', 'x ', 'é.', '한 ', 'a=é'])
      for (let length = 70; length <= 80; length += 1)
        for (const before of ['', 'a', 'é ', 'long enough to be a line of its own, with words. '])
          await expectSame({
            text: `${before}${unit.repeat(length)}\r\nü${unit.repeat(length / 2)}`,
            html: `é${unit.repeat(length)}`,
          });
  }, 60_000);

  it('for ASCII around the length from which a line is encoded, and texts of little more than one line', async () => {
    for (let length = 70; length <= 80; length += 1)
      for (const unit of ['x', 'x ', 'word, '])
        for (const end of ['', '\r\n', 'é', ' ü', ' ']) {
          const line = unit.repeat(length).slice(0, length);
          await expectSame({ text: line + end });
          await expectSame({ text: `a\r\n${line}${end}\r\nb` });
          await expectSame({ text: `ü${line.slice(6)}${end}` });
        }
  });

  it('for long texts, whose lines cross the borders between the stretches that are encoded at once', async () => {
    const unit = ['', 'é', 'aé ', 'x', 'word ', 'Grüße aus der Ferne, '];
    for (const size of [65_530, 65_535, 65_536, 65_537, 65_600, 131_072, 140_001])
      for (const one of unit)
        for (const end of ['', '  ', ' \t\r\n', '\r\n\r\n', '='])
          await expectSame({
            text: `${'ü'.repeat(size % 7)}${one.repeat(Math.ceil(size / 3))}`.slice(0, size) + end,
          });
    await expectSame({ text: `é\r\n${' '.repeat(70_000)}` });
    await expectSame({ text: `${'line of the text\r\n'.repeat(9_000)}` });
  }, 60_000);
});
