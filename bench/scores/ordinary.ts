import { readReport } from '../../src/mime/report.ts';
import { corpusFile, corpusPaths } from '../../test/support/corpora.ts';
import { readMail } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

/** Folders of mail that people and programs wrote, none of it a report but for what is named below. */
const FOLDERS: Readonly<Record<string, RegExp>> = {
  'mail-parser/eml': /\.eml$/,
  mime4j: /\.msg$/,
  'zbateson/emails': /\.txt$/,
  'ruby-mail': /\.eml$/,
  'enmime/low-quality': /\.raw$/,
  'sisimai-set/maildir/not': /is-not-bounce.*\.eml$/,
};

/** Really bounces: "Mail System Error - Returned Mail", from a postmaster. */
const REPORTS = new Set(['mime4j/mimetools-testmsgs/badbound.msg']);

/** Ordinary mail: how much of it is not taken for a report. */
export async function ordinaryScores(): Promise<readonly Score[]> {
  const tally = new Tally('ordinary mail');
  for (const [folder, names] of Object.entries(FOLDERS)) {
    for (const path of corpusPaths(folder)) {
      const bytes = names.test(path) && !REPORTS.has(path) ? corpusFile(path) : null;
      if (bytes === null) continue;
      const { kind } = readReport({ mail: await readMail(bytes), envelopeFrom: null });
      tally.equal('no report', path, kind, 'not_a_report');
    }
  }
  return tally.scores();
}
