import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/mime/address.ts';
import { subjectProblem } from '../../src/mime/characters.ts';
import { compose } from '../../src/mime/compose.ts';
import { readHeaderFields } from '../../src/mime/header-fields.ts';
import type { HeaderMailbox, Message } from '../../src/mime/message.ts';
import { byteFaults, fieldNames, isSevenBit } from '../support/header-reader.ts';
import { bytesOf, plainMessage } from './message-under-test.ts';
import { hasPython, readWithPython } from './python-email.ts';

/** The caller's text in one field, everything else plain: the message, or null when the door refuses. */
type Door = (input: string) => Message | null;

const mailbox = (text: string): HeaderMailbox | null => {
  const reading = parseAddress(text);
  return reading.ok ? reading.mailbox : null;
};

const inMailbox =
  (text: (input: string) => string, place: (read: HeaderMailbox) => Partial<Message>): Door =>
  (input) => {
    const read = mailbox(text(input));
    return read && { ...plainMessage, ...place(read) };
  };

const inHeader =
  (header: (input: string) => readonly [string, string]): Door =>
  (input) => {
    const reading = readHeaderFields({ headers: [header(input)], hasReplyTo: false });
    if (!reading.ok) return null;
    const { headers, messageId, replyTo } = reading;
    return {
      ...plainMessage,
      headers,
      messageId: messageId ?? plainMessage.messageId,
      replyTo: replyTo ? [replyTo] : [],
    };
  };

const PLACES: readonly (readonly [field: string, place: (read: HeaderMailbox) => Partial<Message>])[] = [
  ['from', (from) => ({ from })],
  ['to', (to) => ({ to: [to] })],
  ['cc', (cc) => ({ cc: [cc] })],
  ['reply_to', (replyTo) => ({ replyTo: [replyTo] })],
];

const DOORS: readonly (readonly [field: string, door: Door])[] = [
  ['subject', (input) => (subjectProblem(input) === null ? { ...plainMessage, subject: input } : null)],
  ...PLACES.flatMap(([field, place]): (readonly [string, Door])[] => [
    [`name of ${field}`, inMailbox((input) => `${input} <a@b.example>`, place)],
    [
      `quoted name of ${field}`,
      inMailbox((input) => `"${input.replace(/["\\]/g, '\\$&')}" <a@b.example>`, place),
    ],
    [`local part of ${field}`, inMailbox((input) => `${input}@b.example`, place)],
    [`domain of ${field}`, inMailbox((input) => `a@b.example${input}`, place)],
  ]),
  // A blind copy reaches the envelope alone; its text is read by the same parser and reaches no header.
  ['bcc', (input) => (mailbox(`${input} <a@b.example>`) ? plainMessage : null)],
  ['header name', inHeader((input) => [`X-${input}`, 'value'])],
  ['header value', inHeader((input) => ['X-Note', input])],
  ['message id', inHeader((input) => ['Message-ID', `<${input}@b.example>`])],
  ['in-reply-to', inHeader((input) => ['In-Reply-To', `<${input}@b.example>`])],
  ['references', inHeader((input) => ['References', `<a@b.example> <${input}@b.example>`])],
  ['list-unsubscribe', inHeader((input) => ['List-Unsubscribe', `<https://a.example/${input}>`])],
  ['list-id', inHeader((input) => ['List-Id', `${input} <list.example>`])],
  ['reply-to header', inHeader((input) => ['Reply-To', `${input} <a@b.example>`])],
];

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
