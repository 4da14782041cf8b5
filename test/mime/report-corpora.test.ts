import { describe, expect, it } from 'vitest';
import { ordinaryScores } from '../../bench/scores/ordinary.ts';
import { readMail } from '../../bench/scores/read-mail.ts';
import type { Score } from '../../bench/scores/score.ts';
import { sisimaiScores } from '../../bench/scores/sisimai.ts';
import { readReport } from '../../src/mime/report.ts';
import { corpusFile, corpusPaths } from '../support/corpora.ts';

const isThere = corpusPaths('sisimai-set').length > 0;

async function reportIn(path: string) {
  return readReport({ mail: await readMail(corpusFile(path) ?? Buffer.of()), envelopeFrom: null });
}

/** Right answers that may only become more. */
const FLOORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  sisimai: { kind: 339, 'feedback type': 18, 'hard or soft': 304, reason: 282, status: 234, reply: 224 },
  'sisimai, unseen': { kind: 99, 'feedback type': 2, 'hard or soft': 91, reason: 78, status: 83, reply: 69 },
};

describe.skipIf(!isThere)('the sisimai set', () => {
  it('is read as well as it was, on the part that was looked at and on the part that was not', async () => {
    const scores = await sisimaiScores();
    const found = Object.entries(FLOORS).flatMap(([set, facts]) =>
      Object.entries(facts).map(([fact, floor]) => {
        const score = scores.find((one) => one.set === set && one.fact === fact);
        return { set, fact, floor, right: score?.right ?? 0 };
      }),
    );
    expect(found.filter(({ right, floor }) => right < floor)).toEqual([]);
    expect(shareOf(scores, 'hard or soft')).toBeGreaterThanOrEqual(0.95);
  });

  it('is read without a throw where it holds no answer, in any line ends', async () => {
    const kinds = new Map<string, number>();
    for (const path of corpusPaths('sisimai-set').filter((name) => !name.endsWith('.json'))) {
      const { kind } = await reportIn(path);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(kinds.get('bounce')).toBeGreaterThan(450);
  });
});

/** Of both parts together. */
function shareOf(scores: readonly Score[], fact: string): number {
  const counted = scores.filter((score) => score.fact === fact);
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return sum(counted.map(({ right }) => right)) / sum(counted.map(({ of }) => of));
}

describe.skipIf(!isThere)('ordinary mail', () => {
  it('is never taken for a report', async () => {
    const [score] = await ordinaryScores();
    expect(score?.wrong).toEqual([]);
    expect(score?.of).toBeGreaterThan(150);
  });
});

/** Address, action, status, hard. */
type Row = readonly [string | null, string, string | null, boolean];

const REPORTS: Readonly<Record<string, readonly Row[]>> = {
  'kumomta/rfc3464/1.eml': [['louisl@larry.slip.umd.edu', 'failed', '4.0.0', false]],
  'kumomta/rfc3464/2.eml': [
    ['arathib@vnet.ibm.com', 'failed', '5.0.0', true],
    ['johnh@hpnjld.njd.hp.com', 'delayed', '4.0.0', false],
    ['wsnell@sdcc13.ucsd.edu', 'failed', '5.0.0', false],
  ],
  'kumomta/rfc3464/3.eml': [[null, 'failed', '5.0.0', true]],
  'kumomta/rfc3464/4.eml': [['thomas@de-montfort.ac.uk', 'delayed', '4.0.0', false]],
  'kumomta/rfc3464/5.eml': [['recipient@domain.com', 'failed', '5.0.0', false]],
  'kumomta/rfc3464/6.eml': [['redacted@example.com', 'failed', '5.4.1', true]],
  'kumomta/rfc3464/obsolete_arrival_date.eml': [['user@example.com', 'failed', '5.1.1', true]],
  'enmime/dsn/delayed_dsn.raw': [['thomas@de-montfort.ac.uk', 'delayed', '4.0.0', false]],
  'enmime/dsn/dsn_with_multipart_alternative.raw': [['non-existing@example.com', 'failed', '5.1.10', true]],
  'enmime/dsn/multi_recipient_dsn.raw': [
    ['arathib@vnet.ibm.com', 'failed', '5.0.0', true],
    ['johnh@hpnjld.njd.hp.com', 'delayed', '4.0.0', false],
    ['wsnell@sdcc13.ucsd.edu', 'failed', '5.0.0', false],
  ],
  'enmime/dsn/simple_dsn.raw': [['louisl@larry.slip.umd.edu', 'failed', '4.0.0', false]],
  'enmime/dsn/simple_dsn_with_html.raw': [['louisl@larry.slip.umd.edu', 'failed', '4.0.0', false]],
  'flanker/bounce/broken-mime.eml': [['info@example.net', 'failed', null, false]],
  'flanker/bounce/delayed-broken.eml': [['demo@example.com', 'failed', '4.2.2', false]],
  'flanker/bounce/delayed.eml': [['foo@example.com', 'failed', '4.0.0', false]],
  'flanker/bounce/gmail-invalid-address.eml': [
    ['awfawfawfawfawfaw@someserverhere.com', 'failed', '5.1.0', true],
  ],
  'flanker/bounce/gmail-no-dns.eml': [['user@example.comm', 'failed', null, true]],
  'flanker/bounce/mailbox-full.eml': [['user@aol.com', 'failed', '5.2.2', false]],
  'flanker/bounce/no-mx.eml': [['user@example.com', 'delayed', '4.4.4', false]],
  'flanker/bounce/office365.eml': [['noname@example.com', 'failed', '5.1.10', true]],
  'flanker/bounce/zed.eml': [
    ['asdfasdfasdfasdfasdfasdfewrqertrtyrthsfgdfgadfqeadvxzvz@gmail.com', 'failed', '5.1.1', true],
  ],
};

describe.skipIf(!isThere)('delivery reports of the other sets are read as their fields say', () => {
  it.each(Object.entries(REPORTS))('%s', async (path, rows) => {
    const report = await reportIn(path);
    const recipients = 'recipients' in report && report.kind !== 'complaint' ? report.recipients : [];
    expect(recipients.map(({ address, action, status, hard }) => [address, action, status, hard])).toEqual(
      rows,
    );
  });
});

interface Answer {
  readonly feedback_type: string;
  readonly incidents: number;
  readonly original_mail_from: string | null;
  readonly original_rcpt_to: string | null;
  readonly original_envelope_id: string | null;
  readonly reported_domain: readonly string[];
  readonly source_ip: string | null;
  readonly user_agent: string | null;
  readonly reporting_mta: string | null;
  readonly auth_failure: string;
}

const bare = (address: string | null) => address?.replace(/[<>]/g, '') ?? null;

describe.skipIf(!isThere)('complaints of the mail-auth set', () => {
  it.each(['001', '002', '003', '004', '005'])('%s is read like the answer beside it', async (name) => {
    const answer: Answer = JSON.parse(corpusFile(`mail-auth/arf/${name}.json`)?.toString() ?? '');
    const recipient = bare(answer.original_rcpt_to);
    expect(await reportIn(`mail-auth/arf/${name}.eml`)).toMatchObject({
      kind: 'complaint',
      feedbackType: answer.feedback_type === 'Abuse' ? 'abuse' : 'auth-failure',
      incidents: answer.incidents,
      mailFrom: bare(answer.original_mail_from),
      recipients: recipient === null ? [] : [recipient],
      envelopeId: answer.original_envelope_id,
      reportedDomains: answer.reported_domain,
      sourceIp: answer.source_ip,
      userAgent: answer.user_agent,
      reportingMta: answer.reporting_mta,
      authFailure: answer.auth_failure === 'Unspecified' ? null : answer.auth_failure.toLowerCase(),
    });
  });

  it('those of the kumomta set name their recipients', async () => {
    const reports = await Promise.all([1, 2, 3, 4].map((n) => reportIn(`kumomta/rfc5965/${n}.eml`)));
    expect(reports.map((report) => 'recipients' in report && report.recipients)).toEqual([
      [],
      ['user@example.com'],
      ['user@example.com'],
      ['cb4a01a48251d4765f489076aa81e2a4@comcast.net'],
    ]);
  });
});
