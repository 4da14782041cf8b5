import { describe, expect, it } from 'vitest';
import { MESSAGES, NO_MESSAGE } from '../../bench/scores/everything.ts';
import { keptOf } from '../../bench/scores/kept.ts';
import { EIGHT_BIT_MAIL } from '../inbound/hooks/payloads.ts';
import { corpusFile, corpusPaths } from '../support/corpora.ts';
import { HOSTILE_MAIL } from '../support/hostile-mail.ts';

const HOSTILE_BYTES = 100_000;
/** Of the corpora: enough to see, few enough to be quick. All of them: `npm run score`. */
const ONE_OF = 25;

interface Given {
  readonly where: string;
  readonly bytes: () => Uint8Array;
}

function text(where: string, written: string): Given {
  return { where, bytes: () => Buffer.from(written, 'latin1') };
}

const ODD: readonly Given[] = [
  { where: 'every byte', bytes: () => EIGHT_BIT_MAIL },
  text('one byte', 'x'),
  text('nothing but line ends', '\n\r\n\r\r\n'),
  text('no line end', 'Subject: x'),
  text('lone CRs', 'Subject: x\rFrom: a@b.example\r\rhello\r'),
  text('LF alone', 'Subject: x\nFrom: a@b.example\n\n.\n..\nhello'),
  text('lines of dots', 'Subject: x\r\n\r\n.\r\n..\r\n.\r\n'),
  text('an envelope line of an mbox', 'From a@b.example Thu Jan  1 00:00:00 2026\nSubject: x\n\n>From me\n'),
  text('NUL and a byte order mark', '\xef\xbb\xbfSubject: x\0y\r\n\r\n\0\0\0'),
  text('no end of a boundary', 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello'),
];

const hostile = HOSTILE_MAIL.map(({ name, pieces }) => ({
  where: name,
  bytes: () => Buffer.concat([...pieces(HOSTILE_BYTES)]),
}));

async function allRight(mails: readonly Given[]): Promise<void> {
  const scores = await keptOf(mails);
  expect(scores.flatMap(({ wrong }) => wrong)).toEqual([]);
  const counts = new Map(scores.map(({ fact, right }) => [fact, right]));
  for (const fact of ['taken', 'the bytes that came', 'told', 'the same bytes after'])
    expect(counts.get(fact), fact).toBe(mails.length);
  expect(counts.get('process alive')).toBe(1);
}

describe('a mail comes out byte for byte as it came in, is told, and the process lives', () => {
  it('odd and hostile ones', () => allRight([...ODD, ...hostile]), 60_000);

  const sample = MESSAGES.flatMap(corpusPaths)
    .filter((name) => !NO_MESSAGE.test(name))
    .map((path) => ({ where: path, bytes: () => corpusFile(path) ?? new Uint8Array(0) }))
    .filter((mail, index) => index % ONE_OF === 0 && mail.bytes().length > 0);
  it.skipIf(sample.length === 0)('one in 25 of the corpora', () => allRight(sample), 60_000);
});
