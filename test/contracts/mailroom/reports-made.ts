import { applyReport } from '../../../src/mailroom/apply-report.ts';
import { openRateWindow } from '../../../src/mailroom/rate.ts';
import type { Complaint, DeliveryReport, Report, ReportedRecipient } from '../../../src/mime/report-shape.ts';
import type { ReturnPathReading } from '../../../src/mime/return-path.ts';
import { type House, SENT } from './house.ts';
import { ALL, readIn } from './inbox-house.ts';

/** An id as they are outside of tests: the others of a house differ in their last bits alone, which no return path holds. */
export const MAIL_ID = '019c3a5e-7b12-7c4d-9e8f-a1b2c3d4e5f6';
export const OTHER_ID = '019c3a5e-7b13-7c4d-9e8f-a1b2c3d4e5f6';

const ORIGINAL = { messageId: null, fields: [] };
const ALL_ONES = 'f';

/** What a return path of this mail reads as. */
export function tokenOf(emailId: string, ordinal = 0): ReturnPathReading {
  const kept = emailId.slice(0, 26);
  return {
    account: 'default',
    ordinal,
    firstId: `${kept}${'0'.repeat(10)}`,
    lastId: `${kept}${ALL_ONES.repeat(10)}`,
  };
}

export function reported(change: Partial<ReportedRecipient> = {}): ReportedRecipient {
  return {
    address: 'ann@example.org',
    originalAddress: null,
    action: 'failed',
    status: '5.1.1',
    reply: 550,
    diagnostic: '550 5.1.1 User unknown',
    remoteMta: 'mx.example.org',
    reason: 'user_unknown',
    family: 'address',
    permanence: 'permanent',
    hard: true,
    suppress: true,
    bounce: {
      type: 'Permanent',
      subType: 'NoEmail',
      message: '550 5.1.1 User unknown',
      diagnosticCode: ['smtp; 550 5.1.1 User unknown'],
    },
    ...change,
  };
}

export const SOFT: Partial<ReportedRecipient> = {
  status: '5.2.2',
  reply: 552,
  diagnostic: '552 5.2.2 Mailbox full',
  reason: 'mailbox_full',
  family: 'mailbox',
  permanence: 'temporary',
  hard: false,
  suppress: false,
  bounce: {
    type: 'Transient',
    subType: 'MailboxFull',
    message: '552 5.2.2 Mailbox full',
    diagnosticCode: ['smtp; 552 5.2.2 Mailbox full'],
  },
};

const QUIET = { hard: false, suppress: false, bounce: null, reason: 'undefined', family: 'unknown' } as const;
export const DELIVERED: Partial<ReportedRecipient> = {
  ...QUIET,
  action: 'delivered',
  status: '2.0.0',
  reply: 250,
  diagnostic: '250 2.0.0 Ok',
};
export const DELAYED: Partial<ReportedRecipient> = {
  ...QUIET,
  action: 'delayed',
  status: '4.4.1',
  reply: null,
  diagnostic: 'connect timed out',
  reason: 'network',
  family: 'transport',
};
export const RELAYED: Partial<ReportedRecipient> = {
  ...QUIET,
  action: 'relayed',
  status: '2.0.0',
  reply: 250,
};

export function report(
  changes: readonly Partial<ReportedRecipient>[] = [{}],
  original: DeliveryReport['original'] = ORIGINAL,
): DeliveryReport {
  return {
    kind: 'bounce',
    form: 'standard',
    reportingMta: 'relay.example.org',
    envelopeId: null,
    recipients: changes.map(reported),
    original,
  };
}

export function complaint(change: Partial<Complaint> = {}): Complaint {
  return {
    kind: 'complaint',
    feedbackType: 'abuse',
    suppress: true,
    recipients: [],
    mailFrom: null,
    sourceIp: null,
    reportedDomains: [],
    userAgent: null,
    reportingMta: null,
    envelopeId: null,
    arrivalDate: null,
    incidents: 1,
    authFailure: null,
    original: ORIGINAL,
    ...change,
  };
}

/** A report comes in, is read and settled; answers the id of the mail that it came as. */
export function comesIn(room: House, given: Report, token: ReturnPathReading | null): string {
  return readIn(room, {}, { report: given, token });
}

/** The same report over and over, in one transaction. */
export function comesAgain(
  { sql, config, newId, now }: House,
  {
    given,
    token,
    times,
  }: { readonly given: Report; readonly token: ReturnPathReading; readonly times: number },
): void {
  const room = { sql, config, newId, random: () => 0.5, rate: openRateWindow(0) };
  sql.transaction(() => {
    for (let i = 0; i < times; i += 1) applyReport(room, { report: given, token, now });
  });
}

/** One mail to these, each sent. */
export function sentTo(room: House, recipients = ['ann@example.org'], id = MAIL_ID): void {
  room.accepted(recipients, { id });
  const claim = room.claimed();
  room.dot(claim);
  room.settle(claim, SENT);
}

export function suppressed(room: House): readonly unknown[] {
  const found = room.room.suppressions({ page: ALL, origin: null, now: room.now });
  if (!found.ok) throw new Error(found.refusal.message);
  return found.value.items.map(({ address, origin, sourceId }) => ({ address, origin, sourceId }));
}

/** Of the account, oldest first, but for the arrivals of reports. */
export function happened(room: House): readonly string[] {
  const filter = { type: null, emailId: null, recipient: null, tag: null, since: null, until: null };
  const found = room.room.events({ filter, page: ALL });
  if (!found.ok) throw new Error(found.refusal.message);
  const types = found.value.items.map(({ type }) => type).toReversed();
  return types.filter((type) => type !== 'email.received');
}
