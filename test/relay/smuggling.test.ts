import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { Relay } from '../../src/relay/relay.ts';
import type { EndOfData } from '../support/end-of-data.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import { relayTo, submissionOf } from './support.ts';

const SMUGGLED = 'MAIL FROM:<x@y.example>\r\nRCPT TO:<victim@z.example>\r\nDATA\r\nspoofed\r\n.\r\n';

/** What strangers have taken for the end of a message, each with a second message behind it. */
const ODD_ENDS = [
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

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Cut into pieces of one, of three, and not at all: state must live across pieces. */
const PIECES = [1, 3, Number.POSITIVE_INFINITY];

function cut(text: string, size: number): readonly Uint8Array[] {
  const whole = bytes(text);
  const step = Math.min(size, Math.max(whole.length, 1));
  return Array.from({ length: Math.ceil(whole.length / step) }, (_, place) =>
    whole.subarray(place * step, (place + 1) * step),
  );
}

for (const endOfData of ['strict', 'lax'] as const satisfies readonly EndOfData[]) {
  describe(`Before a server that reads the end of data in a ${endOfData} way`, () => {
    let server: ScriptedServer;
    let relay: Relay;

    beforeEach(async () => {
      server = await startScriptedServer({ endOfData });
      relay = await relayTo({ port: server.port, config: { connections: 1 } });
    });

    afterEach(async () => {
      await relay.close();
      await server.close();
    });

    async function send(body: readonly Uint8Array[]): Promise<string> {
      const before = server.messages.length;
      const { verdicts } = await relay.submit(submissionOf({ body }));
      expect(verdicts[0]?.kind).toBe('sent');
      expect(server.messages.length - before, 'one message, not two').toBe(1);
      const raw = server.messages.at(-1)?.raw ?? '';
      // Oracle: between DATA and the dot no bare CR, no bare LF, and no line that is a single dot.
      expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      expect(raw.split('\r\n')).not.toContain('.');
      return raw;
    }

    for (const end of ODD_ENDS) {
      test.each(PIECES)(
        `threats §2 r1: ${JSON.stringify(end)} ends nothing, in pieces of %d`,
        async (size) => {
          const body = `Subject: a\r\n\r\nbefore${end}${SMUGGLED}after\r\n`;
          const raw = await send(cut(body, size));
          expect(raw).toContain('after');
          expect(server.commands().filter((command) => command.includes('victim'))).toEqual([]);
        },
      );
    }

    test.each(PIECES)(
      'threats §2 r2: what is well formed is read back unchanged, in pieces of %d',
      async (size) => {
        const bodies = [
          '.leading dot\r\n',
          '.\r\n',
          '..\r\n.\r\n..\r\n',
          'a\r\n.\r\nb\r\n',
          `a\r\n.\r\n${SMUGGLED}`,
          'a\r\n.hidden\r\n..\r\n...\r\n',
          '\r\n',
          '\r\n\r\n.\r\n\r\n',
          '8-bit: \xe9\xff\x80\r\n.\xe9\r\n',
        ];
        for (const body of bodies) {
          await send(cut(body, size));
          expect(server.messages.at(-1)?.text).toBe(body);
        }
      },
    );

    test.each(PIECES)(
      'threats §2 r2: a body without its last CRLF gets it, and no more, in pieces of %d',
      async (size) => {
        for (const body of ['a\r\n.', 'a', '.', 'a\r\n', 'a\r\n.\r']) {
          await send(cut(body, size));
          const expected = body.endsWith('\r\n') ? body : `${body.replace(/\r$/, '')}\r\n`;
          expect(server.messages.at(-1)?.text).toBe(expected);
        }
      },
    );

    it('an empty message is one message', async () => {
      await send([]);
      expect(server.messages.at(-1)?.text.trim()).toBe('');
    });

    it('threats §2 r1: whatever dots, line ends and commands are in it, it stays one message', async () => {
      const piece = fc.constantFrom(
        '\r',
        '\n',
        '\r\n',
        '.',
        '..',
        '\0',
        'a',
        'MAIL FROM:<x@y.example>',
        '\xff',
      );
      const body = fc.array(
        fc.array(piece, { maxLength: 6 }).map((parts) => bytes(parts.join(''))),
        { maxLength: 8 },
      );
      await fc.assert(
        fc.asyncProperty(body, async (chunks) => {
          await send(chunks);
          expect(server.commands().filter((command) => command.includes('x@y.example'))).toEqual([]);
        }),
        { numRuns: 150 },
      );
    });
  });
}
