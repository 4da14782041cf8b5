import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { expect, it } from 'vitest';
import { compose } from '../../src/mime/compose.ts';
import { casesFor, countCases } from '../support/cases.ts';
import { byteFaults, fieldNames } from '../support/header-reader.ts';
import { DOORS } from './doors.ts';
import { bytesOf } from './message-under-test.ts';

const BASE = 'from to subject date message-id mime-version content-transfer-encoding content-type'.split(' ');

/** Whatever has ended a header field for somebody, and what stands around it. */
const piece = fc.oneof(
  fc.constantFrom('\r\n', '\n', '\r', '\0', '\u0085', '\u2028', '\t', ' ', '\r\n ', '\r\n\r\n', '%0d%0a'),
  fc.constantFrom(
    'X-Injected: 1',
    'Bcc: x@y.example',
    '=?utf-8?Q?=0D=0A?=',
    '=?',
    '?=',
    ':',
    ';',
    ',',
    '<',
    '>',
    '"',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);
const input = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));

it('threats §1 r1: whatever is put into a field, the message has the fields that were meant and no other', async (context) => {
  const numRuns = casesFor({ usual: 1_000, many: 20_000 });
  countCases(context, numRuns);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...DOORS), input, async ([, door], text) => {
      const message = door(text);
      if (message === null) return;
      const bytes = await bytesOf(await compose(message));
      const meant = [
        ...BASE,
        ...message.headers.map(([name]) => name.toLowerCase()),
        ...(message.cc.length > 0 ? ['cc'] : []),
        ...(message.replyTo.length > 0 ? ['reply-to'] : []),
      ].toSorted();
      expect([fieldNames(bytes).toSorted(), byteFaults(bytes)]).toEqual([meant, []]);
      // Its reader answers no subject where an empty one stands.
      const { headers, subject = '' } = await PostalMime.parse(bytes);
      expect([headers.map(({ key }) => key).toSorted(), subject]).toEqual([meant, message.subject]);
    }),
    { numRuns },
  );
}, 300_000);
