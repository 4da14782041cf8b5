import { readReport } from '../../src/mime/report.ts';
import type { Reason } from '../../src/mime/report-reason.ts';
import type { ReportedRecipient } from '../../src/mime/report-shape.ts';
import { corpusFile } from '../../test/support/corpora.ts';
import { readMail } from './read-mail.ts';
import { type Score, Tally } from './score.ts';

interface Expected {
  readonly status: string;
  readonly reply: string;
  readonly reason: string;
  readonly hardbounce: boolean;
  readonly feedbacktype?: string;
}

/** Their words, by what we may call the same thing: our classes are coarser, and some of theirs are a matter of taste. */
const SAME: Readonly<Record<string, readonly Reason[]>> = {
  userunknown: ['user_unknown'],
  hostunknown: ['host_unknown'],
  notaccept: ['null_mx', 'host_unknown'],
  hasmoved: ['moved'],
  mailboxfull: ['mailbox_full'],
  suspend: ['suspended'],
  filtered: ['filtered', 'policy'],
  expired: ['expired', 'network'],
  networkerror: ['network', 'host_unknown', 'expired'],
  systemerror: ['system', 'rejected'],
  systemfull: ['system', 'mailbox_full'],
  mailererror: ['system'],
  onhold: ['undefined', 'system'],
  undefined: ['undefined', 'rejected'],
  toomanyconn: ['too_many'],
  speeding: ['too_many'],
  blocked: ['blocked', 'policy', 'network'],
  badreputation: ['blocked'],
  rejected: ['sender_refused', 'rejected', 'policy'],
  policyviolation: ['policy', 'content', 'protocol', 'blocked'],
  securityerror: ['security', 'policy'],
  failedstarttls: ['security'],
  authfailure: ['authentication'],
  requireptr: ['missing_ptr'],
  norelaying: ['relaying_denied'],
  spamdetected: ['spam', 'content', 'policy'],
  virusdetected: ['virus'],
  contenterror: ['content', 'protocol'],
  notcompliantrfc: ['protocol', 'content'],
  syntaxerror: ['protocol'],
  mesgtoobig: ['too_large'],
  exceedlimit: ['too_large'],
};

/** Codes that the set made up where the mail has none. */
const MADE_UP = /^[45]\.0\.9\d\d$/;

const FORWARDED = 'a person who forwards a report has not reported';
const WRAPPED = 'a report inside an enclosed mail is that mail, not this one';
const NOTICE = 'what a list says about its own mail is no delivery';
const UNSUBSCRIBE = 'a mail that asks to be taken off a list is no complaint';
const PIPELINED = 'refused at RCPT: the answers were read behind DATA, whose own answer was "need RCPT"';
const NO_ACCOUNT = 'the words say that there is no such account';
const SENDER = 'the name that does not exist is that of the sender';
const ONE = 'the report names one recipient, as unknown';
const EXAMPLE = 'the example of RFC 3464: "not a registered gateway user"';

/** Where we decided otherwise, by file and outcome, among the files that were looked at. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'arf-26.eml 1': UNSUBSCRIBE,
  'lhost-exim-37.eml 1': SENDER,
  'lhost-fml-03.eml 1': NOTICE,
  'lhost-sendmail-02.eml 2': PIPELINED,
  'lhost-sendmail-14.eml 1': FORWARDED,
  'lhost-sendmail-27.eml 1': PIPELINED,
  'lhost-x2-01.eml 1': NO_ACCOUNT,
  'lhost-x2-02.eml 1': NO_ACCOUNT,
  'lhost-x2-02.eml 3': NO_ACCOUNT,
  'lhost-x5-01.eml 1': WRAPPED,
  'rfc3464-01.eml 1': ONE,
  'rfc3464-01.eml 2': ONE,
  'rfc3464-35.eml 1': EXAMPLE,
};

/**
 * Bounces, complaints and automatic replies. The rules were written while looking at three quarters of the files; the
 * others (`held out`) were only counted. A file belongs to them by the FNV-1a hash of its name.
 */
export async function sisimaiScores(): Promise<readonly Score[]> {
  const answers = corpusFile('sisimai-set/expected.json')?.toString();
  if (answers === undefined) return [];
  const tallies = {
    seen: new Tally('sisimai', (_, where) => EXPLAINED[where.slice(where.lastIndexOf('/') + 1)] ?? null),
    heldOut: new Tally('sisimai, unseen'),
  };
  const { expected }: { expected: Readonly<Record<string, readonly Expected[]>> } = JSON.parse(answers);
  for (const [path, outcomes] of Object.entries(expected)) {
    const bytes = corpusFile(`sisimai-set/${path}`);
    if (bytes === null) continue;
    const report = readReport({ mail: await readMail(bytes), envelopeFrom: null });
    const tally = isHeldOut(path) ? tallies.heldOut : tallies.seen;
    const recipients = 'recipients' in report && report.kind !== 'complaint' ? report.recipients : [];
    for (const [i, outcome] of outcomes.entries()) {
      const where = `${path} ${i + 1}`;
      tally.add('kind', where, kindsOf(outcome).includes(report.kind), `${report.kind}, ${outcome.reason}`);
      if (outcome.feedbacktype !== undefined) {
        const type = report.kind === 'complaint' ? report.feedbackType : null;
        tally.equal('feedback type', where, type, outcome.feedbacktype);
      } else if (kindsOf(outcome).includes('bounce')) count(tally, where, recipients[i], outcome);
    }
  }
  return [...tallies.seen.scores(), ...tallies.heldOut.scores()];
}

function count(tally: Tally, where: string, actual: ReportedRecipient | undefined, outcome: Expected): void {
  const shown = `${actual?.reason ?? 'nothing'}, ${outcome.reason}`;
  // What is not reported suppresses nobody: it is not hard. Whether it should have been reported, `kind` tells.
  tally.add('hard or soft', where, (actual?.hard ?? false) === outcome.hardbounce, shown);
  tally.add(
    'reason',
    where,
    actual !== undefined && SAME[outcome.reason]?.includes(actual.reason) === true,
    shown,
  );
  if (outcome.status !== '' && !MADE_UP.test(outcome.status))
    tally.equal('status', where, actual?.status, outcome.status);
  if (outcome.reply !== '') tally.equal('reply', where, String(actual?.reply), outcome.reply);
}

function kindsOf({ reason }: Expected): readonly string[] {
  if (reason === 'feedback') return ['complaint'];
  if (reason === 'vacation') return ['auto_reply'];
  return reason === 'delivered' ? ['delivered', 'relayed'] : ['bounce', 'delayed'];
}

function isHeldOut(path: string): boolean {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(path.split('/').at(-1) ?? ''))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return ((hash >>> 7) & 3) === 3;
}
