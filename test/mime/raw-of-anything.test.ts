import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddressList } from '../../src/mime/address-list.ts';
import { addressField } from '../../src/mime/header-block.ts';
import { readRaw } from '../../src/mime/raw.ts';
import { corpusFile, corpusPaths } from '../support/corpora.ts';
import { byteFaults, fieldNames } from '../support/header-reader.ts';

const read = (bytes: Uint8Array<ArrayBuffer>) =>
  readRaw({ bytes, messageId: '<made@mail.example>', date: 0, hasRecipients: true });

const KEPT_BACK = ['bcc', 'resent-bcc', 'return-path', 'resend-idempotency-key'];

/** What must hold of whatever was read: fit for the wire, nothing kept back in it, and no change when read once more. */
function faultsOf(bytes: Uint8Array<ArrayBuffer>): readonly string[] {
  const reading = read(bytes);
  if (!reading.ok) return [];
  const again = read(reading.mail.bytes);
  const names = fieldNames(reading.mail.bytes);
  return [
    ...byteFaults(reading.mail.bytes),
    ...KEPT_BACK.filter((name) => names.includes(name)),
    ...['from', 'message-id', 'date', 'mime-version'].filter(
      (name) => names.filter((found) => found === name).length !== 1,
    ),
    ...(again.ok && Buffer.compare(again.mail.bytes, reading.mail.bytes) === 0
      ? []
      : ['changes when read again']),
  ];
}

describe('whatever is sent raw', () => {
  it('is refused, or is fit for the wire and stays the same when it is read again', () => {
    const line = fc.oneof(
      fc.constantFrom(
        'From: a@b.example',
        'To: c@d.example',
        'Bcc: e@f.example',
        'BCC: g@h.example',
        'Subject: x',
        'Date: x',
        'Message-ID: <a@b.example>',
        ' folded',
        '\tfolded',
        '',
        '.',
        'X-Mailwright-Tls: x',
        'Return-Path: <>',
        'Resent-Bcc:',
        'Sender: x@y.example',
      ),
      fc.string({ maxLength: 20 }),
    );
    const end = fc.constantFrom('\r\n', '\n', '\r', '\r\n', '\r\n');
    const message = fc
      .array(fc.tuple(line, end), { maxLength: 12 })
      .map((lines) => `From: a@b.example\r\n${lines.flat().join('')}`);
    fc.assert(
      fc.property(message, (text) => {
        expect(faultsOf(Uint8Array.from(Buffer.from(text, 'latin1')))).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  const paths = [
    'mail-parser/eml',
    'mime4j',
    'zbateson/emails',
    'ruby-mail',
    'enmime',
    'flanker',
    'kumomta',
    'mail-auth',
  ]
    .flatMap(corpusPaths)
    .filter((path) => /\.(eml|msg|txt)$/.test(path));
  it.skipIf(paths.length === 0)('holds for every message of the corpora', () => {
    const wrong = paths
      .map((path) => [path, faultsOf(Uint8Array.from(corpusFile(path) ?? []))] as const)
      .filter(([, faults]) => faults.length > 0);
    const taken = paths.filter((path) => read(Uint8Array.from(corpusFile(path) ?? [])).ok).length;
    expect({ wrong, some: taken > 50 }).toEqual({ wrong: [], some: true });
  });
});

describe('an address field', () => {
  it('that we write is read back as the same mailboxes', () => {
    const text = fc.array(
      fc.constantFrom(
        'a',
        'B c',
        ' ',
        '"',
        '\\',
        ',',
        ';',
        ':',
        '<',
        '>',
        '(',
        ')',
        '@',
        '.',
        '=?utf-8?Q?x?=',
        '한국',
        '🎉',
        'é',
        '\t',
        'x'.repeat(70),
      ),
      { maxLength: 8 },
    );
    const mailbox = fc.record({
      name: text.map((pieces) => pieces.join('').trim()),
      address: fc.constantFrom('a@b.example', 'c.d+e@xn--bcher-kva.example'),
    });
    fc.assert(
      fc.property(fc.array(mailbox, { minLength: 1, maxLength: 5 }), (mailboxes) => {
        const field = addressField('To', mailboxes).replaceAll('\r\n', '').slice('To: '.length);
        const reading = readAddressList(field);
        expect(reading.ok && reading.mailboxes.map(({ name, address }) => ({ name, address }))).toEqual(
          mailboxes.map(({ name, address }) => ({ name: name.replaceAll('\t', ' '), address })),
        );
      }),
      { numRuns: 500 },
    );
  });
});
