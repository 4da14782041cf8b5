import { addressIn } from './report-address.ts';
import { MAX_RECIPIENTS } from './report-addresses.ts';
import { decodeXtext, type FieldGroup, first, readGroups, readTyped } from './report-fields.ts';
import type { ReportMail } from './report-mail.ts';
import { originalOf } from './report-original.ts';
import type { Complaint, FeedbackType } from './report-shape.ts';

const MAX_INCIDENTS = 1_000_000;
const MAX_DOMAINS = 50;

const TYPES: readonly FeedbackType[] = [
  'abuse',
  'fraud',
  'virus',
  'other',
  'not-spam',
  'auth-failure',
  'dmarc',
  'opt-out',
];

/** A complaint in the form of RFC 5965. */
export function readFeedback(mail: ReportMail, text: string): Complaint {
  // Some leave empty lines between the fields: there is one group only.
  const group = merged(readGroups(text));
  const feedbackType = typeOf(first(group, 'feedback-type'));
  const reportingMta = first(group, 'reporting-mta');
  const envelopeId = first(group, 'original-envelope-id');
  const mailFrom = first(group, 'original-mail-from');
  return {
    kind: 'complaint',
    feedbackType,
    suppress: feedbackType === 'abuse' || feedbackType === 'fraud' || feedbackType === 'opt-out',
    recipients: recipientsIn(group),
    mailFrom: mailFrom === null ? null : addressIn(mailFrom),
    sourceIp: sourceIpIn(group),
    reportedDomains: (group.get('reported-domain') ?? []).slice(0, MAX_DOMAINS),
    userAgent: first(group, 'user-agent'),
    reportingMta: reportingMta === null ? null : readTyped(reportingMta).text,
    envelopeId: envelopeId === null ? null : decodeXtext(envelopeId),
    arrivalDate: first(group, 'arrival-date') ?? first(group, 'received-date'),
    incidents: incidentsIn(group),
    authFailure: first(group, 'auth-failure')?.toLowerCase() ?? null,
    original: originalOf(mail, []),
  };
}

/** RFC 5965 §3.2: required; a report without it is still somebody's complaint. An unknown type is `other` (§3.5). */
function typeOf(value: string | null): FeedbackType {
  if (value === null) return 'other';
  const word = value
    .trim()
    .toLowerCase()
    .split(/[\s(;]/)[0];
  return TYPES.find((type) => type === word) ?? 'other';
}

function recipientsIn(group: FieldGroup): readonly string[] {
  const values = ['original-rcpt-to', 'removal-recipient', 'redacted-address'].flatMap(
    (name) => group.get(name) ?? [],
  );
  const addresses = values.map(addressIn).filter((address) => address !== null);
  return [...new Map(addresses.map((address) => [address.toLowerCase(), address])).values()].slice(
    0,
    MAX_RECIPIENTS,
  );
}

/** Only what has the form of an address: it may be redacted. */
function sourceIpIn(group: FieldGroup): string | null {
  const value = first(group, 'source-ip')?.split(/[\s(]/)[0] ?? '';
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:.]{2,45})$/.test(value) && /\d|::/.test(value)
    ? value
    : null;
}

function incidentsIn(group: FieldGroup): number {
  const value = first(group, 'incidents');
  return value !== null && /^\d{1,7}$/.test(value) ? Math.min(Math.max(Number(value), 1), MAX_INCIDENTS) : 1;
}

function merged(groups: readonly FieldGroup[]): FieldGroup {
  const all = new Map<string, readonly string[]>();
  for (const group of groups) {
    for (const [name, values] of group) all.set(name, [...(all.get(name) ?? []), ...values]);
  }
  return all;
}
