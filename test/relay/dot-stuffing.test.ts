import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { describe, expect, it, test } from 'vitest';
import { createDotStuffing } from '../../src/relay/dot-stuffing.ts';
import { holds } from './support.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function stuffed(pieces: readonly string[]): string {
  const stuffing = createDotStuffing();
  const written = pieces.map((piece) => Buffer.from(stuffing.stuffed(bytes(piece))).toString('latin1'));
  return written.join('') + Buffer.from(stuffing.end()).toString('latin1');
}

describe('A message on its way through DATA', () => {
  test.each([
    ['', '.\r\n'],
    ['a\r\n', 'a\r\n.\r\n'],
    ['a', 'a\r\n.\r\n'],
    ['a\r', 'a\r\n.\r\n'],
    ['.', '..\r\n.\r\n'],
    ['.\r\n', '..\r\n.\r\n'],
    ['a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
    ['a.b\r\n', 'a.b\r\n.\r\n'],
    ['a\n.b', 'a\r\n..b\r\n.\r\n'],
    ['a\r.b', 'a\r\n..b\r\n.\r\n'],
    ['a\r\r\n.', 'a\r\n\r\n..\r\n.\r\n'],
    ['\n', '\r\n.\r\n'],
  ])('%j is written as %j, in whatever pieces', (text, expected) => {
    expect(stuffed([text])).toBe(expected);
    expect(stuffed([...text])).toBe(expected);
    expect(stuffed(['', text, ''])).toBe(expected);
  });

  it('a piece in which nothing is to be changed is handed on, not copied', () => {
    const piece = bytes('Subject: a\r\n\r\nnothing. to. change\r\n');
    expect(createDotStuffing().stuffed(piece)).toBe(piece);
  });

  it('what comes out has CRLF line ends alone, one line that is a dot, at its end, and unstuffs to what went in', () => {
    const piece = fc.array(fc.constantFrom('\r\n', '\r\n', '.', '..', 'a', '\0', '\xff'), { maxLength: 8 });
    holds(
      fc.property(fc.array(piece, { maxLength: 6 }), (given) => {
        const pieces = given.map((parts) => parts.join(''));
        const lines = stuffed(pieces).split('\r\n');
        expect(lines.slice(-2)).toEqual(['.', '']);
        expect(lines.slice(0, -2).filter((line) => line === '.' || /[\r\n]/.test(line))).toEqual([]);
        const text = lines.slice(0, -2).map((line) => `${line.replace(/^\./, '')}\r\n`);
        const whole = pieces.join('');
        expect(text.join('')).toBe(whole === '' || whole.endsWith('\r\n') ? whole : `${whole}\r\n`);
      }),
      500,
    );
  });

  it('for whatever bytes it is what nodemailer writes', async () => {
    const piece = fc.array(fc.constantFrom('\r', '\n', '\r\n', '.', 'a', '\0', '\xff'), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (given) => {
        const pieces = given.map((parts) => parts.join(''));
        expect(stuffed(pieces)).toBe(await byNodemailer(pieces));
      }),
      { numRuns: 500 },
    );
  });
});

/** The stream that its connection writes a message through. */
async function byNodemailer(pieces: readonly string[]): Promise<string> {
  const connection = new SMTPConnection({});
  let text = '';
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString('latin1');
      done();
    },
  });
  Reflect.set(connection, '_socket', socket);
  const create: unknown = Reflect.get(connection, '_createSendStream');
  if (typeof create !== 'function') throw new Error('nodemailer makes its stream in another way');
  const stream = create.call(connection, () => undefined) as Writable & { once: Writable['once'] };
  const ended = new Promise<void>((resolve) => stream.once('end', resolve));
  for (const piece of pieces) stream.write(bytes(piece));
  stream.end();
  await ended;
  return text;
}
