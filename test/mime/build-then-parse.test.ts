import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { expect, it } from 'vitest';
import { readMail } from '../../bench/scores/read-mail.ts';
import { parseAddress } from '../../src/mime/address.ts';
import { subjectProblem } from '../../src/mime/characters.ts';
import { compose } from '../../src/mime/compose.ts';
import { readHeaderFields } from '../../src/mime/header-fields.ts';
import type { HeaderMailbox, Message } from '../../src/mime/message.ts';
import { byteFaults, fieldNames, isSevenBit } from '../support/header-reader.ts';
import { bytesOf, plainMessage } from './message-under-test.ts';
import { hasPython, readWithPython } from './python-email.ts';

/** Text as people write it, with what trips up writers of mail: scripts, specials, look-alikes, long words. */
const piece = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '=?utf-8?Q?x?=',
    '=?',
    '?=',
    '"',
    '\\',
    '<',
    '>',
    ',',
    ';',
    ':',
    '(',
    ')',
    '@',
    '.',
    '=',
    '_',
    ' ',
    '  ',
    'é',
    '한국어',
    '🎉',
    'שלום',
    'مرحبا',
    'x'.repeat(90),
    '가'.repeat(40),
  ),
);
const line = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
const name = line.filter((text) => {
  const reading = parseAddress(`"${text.replace(/["\\]/g, '\\$&')}" <a@b.example>`);
  return reading.ok && reading.mailbox.name === text;
});
const local = fc.string({
  unit: fc.constantFrom(...'abcXYZ019!#$%&*+-/=^_{|}~'),
  minLength: 1,
  maxLength: 20,
});
const mailbox: fc.Arbitrary<HeaderMailbox> = fc.record({
  name,
  address: fc
    .tuple(local, fc.constantFrom('good.example', 'xn--bcher-kva.example'))
    .map((parts) => parts.join('@')),
});
const body = fc.option(
  fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n')),
  { nil: null },
);
const header = fc.tuple(fc.constantFrom('X-A', 'X-Bee-Cee', 'Feedback-ID', 'Auto-Submitted'), line);

const message: fc.Arbitrary<Message> = fc
  .record({
    from: mailbox,
    to: fc.array(mailbox, { minLength: 1, maxLength: 6 }),
    cc: fc.array(mailbox, { maxLength: 3 }),
    replyTo: fc.array(mailbox, { maxLength: 2 }),
    subject: line.filter((text) => subjectProblem(text) === null),
    headers: fc.uniqueArray(header, { maxLength: 3, selector: ([key]) => key }),
    html: body,
    text: body,
  })
  .filter(({ headers }) => readHeaderFields({ headers, hasReplyTo: false }).ok)
  .map((parts) => ({ ...plainMessage, ...parts }));

/** What readers drop: white space at both ends, a line end before a boundary. Line ends as LF. */
const shown = (text: string | null | undefined) => (text ?? '').replace(/\r\n|\r/g, '\n').replace(/\n+$/, '');

/** The fields a message must have, no more and no fewer. */
function fieldsOf({ to, cc, replyTo, headers, html, text }: Message): readonly string[] {
  const isMultipart = Boolean(html) && Boolean(text);
  return [
    'from',
    ...(to.length > 0 ? ['to'] : []),
    ...(cc.length > 0 ? ['cc'] : []),
    ...(replyTo.length > 0 ? ['reply-to'] : []),
    'subject',
    'date',
    'message-id',
    ...headers.map(([key]) => key.toLowerCase()),
    'mime-version',
    ...(isMultipart || (!html && !text) ? [] : ['content-transfer-encoding']),
    'content-type',
  ];
}

it('what was composed is what is read: fields, subject, mailboxes, text and html, by postal-mime', async () => {
  await fc.assert(
    fc.asyncProperty(message, async (given) => {
      const bytes = await bytesOf(await compose(given));
      expect({ faults: byteFaults(bytes), isSevenBit: isSevenBit(bytes), names: fieldNames(bytes) }).toEqual({
        faults: [],
        isSevenBit: true,
        names: fieldsOf(given),
      });
      const email = await PostalMime.parse(bytes);
      expect({
        subject: email.subject ?? '',
        from: email.from,
        to: email.to,
        cc: email.cc ?? [],
        replyTo: email.replyTo ?? [],
        text: shown(email.text),
        html: shown(email.html),
      }).toEqual({
        subject: given.subject,
        from: given.from,
        to: given.to,
        cc: given.cc,
        replyTo: given.replyTo,
        text: shown(given.text),
        html: shown(given.html),
      });
    }),
    { numRuns: 400 },
  );
}, 30_000);

it('what was composed is what is read, by our own reader of received mail', async () => {
  await fc.assert(
    fc.asyncProperty(message, async (given) => {
      const mail = await readMail(await bytesOf(await compose(given)));
      expect({ ...mail, text: shown(mail.text), html: shown(mail.html) }).toMatchObject({
        parse: 'full',
        repeated: [],
        from: [given.from],
        to: given.to,
        cc: given.cc,
        replyTo: given.replyTo,
        subject: given.subject,
        date: given.date,
        messageId: given.messageId,
        text: shown(given.text),
        html: shown(given.html),
        attachments: [],
      });
    }),
    { numRuns: 400 },
  );
}, 30_000);

it.skipIf(!hasPython)(
  'what was composed is what is read, by Python',
  async () => {
    const given = fc.sample(message, 400);
    const reads = readWithPython(await Promise.all(given.map(async (one) => bytesOf(await compose(one)))));
    reads.forEach((read, i) => {
      const one = given[i];
      if (one === undefined) throw new Error('more was read than composed');
      expect({ ...read, headers: undefined, text: shown(read.text), html: shown(read.html) }).toEqual({
        names: fieldsOf(one),
        headers: undefined,
        subject: one.subject,
        from: [[one.from.name, one.from.address]],
        to: one.to.map((to) => [to.name, to.address]),
        text: shown(one.text),
        html: shown(one.html),
        defects: [],
      });
    });
  },
  30_000,
);
