import { addressIn } from './report-address.ts';
import { MAX_RECIPIENTS } from './report-addresses.ts';
import { decodeXtext, type FieldGroup, first, readGroups, readTyped } from './report-fields.ts';
import type { ReportMail } from './report-mail.ts';
import { originalOf } from './report-original.ts';
import type { Prose } from './report-prose.ts';
import type { DeliveryReport, ReportAction, ReportedRecipient } from './report-shape.ts';
import { findingOf } from './report-verdict.ts';
import { readWitness, recipientsInWords, type Witness } from './report-words.ts';

const MAX_NAME = 255;
const ACTIONS: readonly ReportAction[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'];

/** A delivery report with the fields of RFC 3464, in a part of their own or in the text. */
export function readStandard(mail: ReportMail, status: string, prose: Prose): DeliveryReport {
  const groups = readGroups(status);
  const about = groups.find((group) => !namesRecipient(group)) ?? new Map();
  const named = groups.filter(namesRecipient).slice(0, MAX_RECIPIENTS);
  const addresses = named.map(
    (group) => addressOf(group, 'final-recipient') ?? addressOf(group, 'original-recipient'),
  );
  const witness = readWitness(prose, addresses);
  const original = originalOf(mail, prose.returned);
  const recipients =
    named.length > 0
      ? named.map((group) => recipientOf(group, witness))
      : recipientsInWords({ mail, prose, original: original.fields });
  const envelopeId = first(about, 'original-envelope-id');
  return {
    kind: kindOf(recipients),
    form: 'standard',
    reportingMta: mtaIn(about, 'reporting-mta'),
    envelopeId: envelopeId === null ? null : decodeXtext(envelopeId),
    recipients,
    original,
  };
}

/** A delivery report in words for people alone. */
export function readWords(mail: ReportMail, prose: Prose): DeliveryReport {
  const original = originalOf(mail, prose.returned);
  const recipients = recipientsInWords({ mail, prose, original: original.fields });
  return {
    kind: kindOf(recipients),
    form: 'prose',
    reportingMta: null,
    envelopeId: null,
    recipients,
    original,
  };
}

function recipientOf(group: FieldGroup, witness: Witness): ReportedRecipient {
  const final = addressOf(group, 'final-recipient');
  const originalAddress = addressOf(group, 'original-recipient');
  const address = final ?? originalAddress;
  const status = first(group, 'status') ?? '';
  const { type, text } = readTyped(first(group, 'diagnostic-code') ?? '');
  const action = actionIn(first(group, 'action') ?? '', status);
  const told = witness.about([final, originalAddress], text);
  return {
    address,
    originalAddress,
    action,
    remoteMta: mtaIn(group, 'remote-mta'),
    ...findingOf({ address, action, status, diagnosticType: type, diagnostic: text, ...told }),
  };
}

function namesRecipient(group: FieldGroup): boolean {
  return group.has('final-recipient') || group.has('original-recipient');
}

function addressOf(group: FieldGroup, name: string): string | null {
  const value = first(group, name);
  return value === null ? null : addressIn(readTyped(value).text);
}

function mtaIn(group: FieldGroup, name: string): string | null {
  const value = first(group, name);
  return value === null ? null : readTyped(value).text.slice(0, MAX_NAME) || null;
}

/** Without a word for it the class of the status tells: 2 is delivered, the rest failed. */
function actionIn(action: string, status: string): ReportAction {
  const word = /[a-z]+/i.exec(action)?.[0].toLowerCase();
  return ACTIONS.find((known) => known === word) ?? (status.startsWith('2.') ? 'delivered' : 'failed');
}

function kindOf(recipients: readonly ReportedRecipient[]): DeliveryReport['kind'] {
  const has = (action: ReportAction) => recipients.some((recipient) => recipient.action === action);
  if (recipients.length === 0 || has('failed')) return 'bounce';
  if (has('delayed')) return 'delayed';
  return has('delivered') ? 'delivered' : 'relayed';
}
