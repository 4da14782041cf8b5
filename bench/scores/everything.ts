import { corpusFile, corpusPaths } from '../../test/support/corpora.ts';
import { readMail, withLineEnds } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

/** Folders of messages, one in a file. */
export const MESSAGES: readonly string[] = [
  'mail-parser/eml',
  'mime4j',
  'zbateson/emails',
  'ruby-mail',
  'enmime',
  'flanker',
  'kumomta',
  'mail-auth/arf',
  'sisimai-set/maildir',
  'sisimai-set/mailbox',
];
/** What stands beside them. */
export const NO_MESSAGE = /(?:\.json|\.xml|\.out|SOURCE|LICENSE|COPYING|README[^/]*|_decoded_[^/]*)$/;
/** 500 ms for a megabyte (delivery.md section 20, figure 22), and something for a busy machine. */
const MS_PER_MB = 500;
const GRACE_MS = 250;
/** Small enough to cut every line in two, odd enough to cut them in different places. */
const SMALL_BLOCK = 37;
const MAX_BYTES_IN_SMALL_BLOCKS = 200_000;

/** Every message of every set: it is read, in time, to the same result however it comes in pieces; nothing is lost. */
export async function everythingScores(): Promise<readonly Score[]> {
  const tally = new Tally('everything');
  for (const path of MESSAGES.flatMap(corpusPaths).filter((name) => !NO_MESSAGE.test(name))) {
    const bytes = corpusFile(path);
    if (bytes === null) continue;
    const began = performance.now();
    const mail = await readMail(bytes);
    const took = performance.now() - began;
    const limit = GRACE_MS + (MS_PER_MB * bytes.length) / 1e6;
    tally.add('in time', path, took <= limit, `${Math.round(took)} ms for ${bytes.length} bytes`);
    const known =
      mail.subject !== '' || mail.from.length > 0 || mail.text !== null || mail.attachments.length > 0;
    tally.add('something is found', path, known || bytes.length < 8, 'nothing');
    if (bytes.length > MAX_BYTES_IN_SMALL_BLOCKS) continue;
    tally.equal('the same in small blocks', path, await readMail(bytes, SMALL_BLOCK), mail);
    const [one, other] = [withLineEnds(bytes, 'LF'), withLineEnds(bytes, 'CRLF')];
    const [first, second] = [await readMail(one), await readMail(other)];
    tally.equal('the same header with LF and CRLF', path, first.headers, second.headers);
  }
  return tally.scores();
}
