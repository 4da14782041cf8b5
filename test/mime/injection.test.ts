import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { subjectProblem } from '../../src/mime/characters.ts';
import { compose } from '../../src/mime/compose.ts';
import { byteFaults, fieldNames, isSevenBit } from '../support/header-reader.ts';
import { DOORS } from './doors.ts';
import { bytesOf, plainMessage } from './message-under-test.ts';
import { hasPython, readWithPython } from './python-email.ts';

const BASE = 'from to subject date message-id mime-version content-transfer-encoding content-type'.split(' ');

/** Row of threats section 1, input, and whether some door may let it through as data. */
const INPUTS: readonly (readonly [row: number, input: string, outcome: 'R' | 'N or R'])[] = [
  [1, 'x\r\nX-Injected: 1\r\n\r\nBODY', 'R'],
  [1, 'x\nX-Injected: 1', 'R'],
  [1, 'x\rX-Injected: 1', 'R'],
  [1, 'x\0\r\nX: 1', 'R'],
  [1, '\r\n', 'R'],
  [1, '\n', 'R'],
  [1, 'x\r\n', 'R'],
  [1, 'x\r\n X-Injected: folded', 'R'],
  [2, 'x\u000bX-Injected: 1', 'R'],
  [2, 'x\u000cX-Injected: 1', 'R'],
  [2, 'x\u001b[31m', 'R'],
  [2, 'x\u007f', 'R'],
  [2, 'x\ud800', 'R'],
  [2, '\udc00x', 'R'],
  [3, 'x\u0085X-Injected: 1', 'N or R'],
  [3, 'x\u2028X-Injected: 1', 'N or R'],
  [3, 'x\u2029X-Injected: 1', 'N or R'],
  [3, 'x\tX-Injected: 1', 'N or R'],
  [5, 'x%0d%0aX-Injected: 1', 'N or R'],
  [6, '=?utf-8?Q?x=0D=0AX-Injected:_1?=', 'N or R'],
  [6, '=?utf-8?B?eA0KWC1JbmplY3RlZDogMQ==?=', 'N or R'],
  [6, '=?utf-8?Q?a?= =?utf-8?Q?=0D=0AX-Injected:_1?=', 'N or R'],
  [7, 'x'.repeat(100_000), 'R'],
  [7, '가'.repeat(998), 'N or R'],
  [7, '😀'.repeat(400), 'N or R'],
  [7, '가'.repeat(999), 'N or R'],
];

describe.each(INPUTS)('threats §1 r%i: the input %j', (_row, input, outcome) => {
  it.each(DOORS)(`in %s is ${outcome}`, async (_field, door) => {
    const message = door(input);
    if (outcome === 'R') {
      expect(message).toBeNull();
      return;
    }
    if (message === null) return;
    const bytes = await bytesOf(await compose(message));
    const custom = message.headers.map(([name]) => name.toLowerCase());
    const expected = [
      ...BASE,
      ...custom,
      ...(message.cc.length > 0 ? ['cc'] : []),
      ...(message.replyTo.length > 0 ? ['reply-to'] : []),
    ];
    expect({
      names: fieldNames(bytes).toSorted(),
      faults: byteFaults(bytes),
      isSevenBit: isSevenBit(bytes),
    }).toEqual({
      names: expected.toSorted(),
      faults: [],
      isSevenBit: true,
    });
    const email = await PostalMime.parse(bytes);
    expect(email.headers.map((field) => field.key).toSorted()).toEqual(expected.toSorted());
    expect(email.subject).toBe(message.subject);
  });
});

it('threats §1 r7: a subject over 998 characters is refused, one of 998 is not', () => {
  expect([subjectProblem('가'.repeat(998)), subjectProblem('가'.repeat(999))]).toEqual([
    null,
    'It must not exceed 998 characters.',
  ]);
  expect(subjectProblem('😀'.repeat(998))).toBeNull();
});

it.skipIf(!hasPython)(
  'threats §1 r17: Python finds exactly the intended fields in every message that was let through',
  async () => {
    const messages = INPUTS.flatMap(([, input]) => DOORS.flatMap(([, door]) => door(input) ?? []));
    const reads = readWithPython(
      await Promise.all(messages.map(async (message) => bytesOf(await compose(message)))),
    );
    const wrong = reads.filter((read, i) => {
      const allowed = new Set([
        ...BASE,
        'cc',
        'reply-to',
        ...(messages[i]?.headers.map(([name]) => name.toLowerCase()) ?? []),
      ]);
      return (
        read.names.some((name) => !allowed.has(name)) ||
        read.subject !== messages[i]?.subject ||
        read.defects.length > 0
      );
    });
    expect({ wrong, some: messages.length > 100 }).toEqual({ wrong: [], some: true });
  },
);

it('threats §1 r17: a blind copy has no way into the message', async () => {
  const smuggled = { ...plainMessage, bcc: [{ name: '', address: 'secret@good.example' }] };
  const bytes = await bytesOf(await compose(smuggled));
  expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/bcc|secret/i);
});
