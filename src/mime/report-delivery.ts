import { addressIn, MAX_RECIPIENTS, recipientsInProse, recipientsOfOriginal } from './report-addresses.ts';
import { commandIn, commandInTranscript } from './report-codes.ts';
import { decodeXtext, type FieldGroup, first, readGroups, readTyped } from './report-fields.ts';
import { type ReportMail, valuesOf, wordsOf } from './report-mail.ts';
import { originalOf } from './report-original.ts';
import { type Prose, readProse, sectionOf } from './report-prose.ts';
import type { DeliveryReport, ReportAction, ReportedRecipient } from './report-shape.ts';
import { findingOf } from './report-verdict.ts';

/** A delivery report with the fields of RFC 3464, in a part of their own or in the text. */
export function readStandard(mail: ReportMail, status: string): DeliveryReport {
  const prose = readProse(wordsOf(mail));
  const groups = readGroups(status);
  const about = groups.find((group) => !namesRecipient(group));
  const named = groups.filter(namesRecipient).slice(0, MAX_RECIPIENTS);
  const whole = prose.lines.join('\n');
  const addresses = named.map(
    (group) => addressOf(group, 'final-recipient') ?? addressOf(group, 'original-recipient'),
  );
  const recipients = named.map((group) => recipientOf({ group, prose, whole, addresses }));
  const original = originalOf(mail, prose.returned);
  return {
    kind: kindOf(recipients),
    form: 'standard',
    reportingMta: about === undefined ? null : mtaIn(about, 'reporting-mta'),
    envelopeId: about === undefined ? null : envelopeIdIn(about),
    recipients:
      recipients.length > 0 ? recipients : recipientsInWords({ mail, prose, original: original.fields }),
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

interface Named {
  readonly group: FieldGroup;
  readonly prose: Prose;
  readonly whole: string;
  readonly addresses: readonly (string | null)[];
}

function recipientOf({ group, prose, whole, addresses }: Named): ReportedRecipient {
  const address = addressOf(group, 'final-recipient');
  const originalAddress = addressOf(group, 'original-recipient');
  const { type, text } = readTyped(first(group, 'diagnostic-code') ?? '');
  const action = actionIn(first(group, 'action'), first(group, 'status'));
  const isAlone = addresses.length === 1;
  const known = [address, originalAddress].filter((item) => item !== null);
  const section = known
    .map((one) => sectionOf(prose, one, withoutNull(addresses)))
    .find((words) => words !== '');
  return {
    address: address ?? originalAddress,
    originalAddress,
    action,
    remoteMta: mtaIn(group, 'remote-mta'),
    ...findingOf({
      address: address ?? originalAddress,
      action,
      status: first(group, 'status') ?? '',
      diagnosticType: type,
      diagnostic: text,
      section: section ?? '',
      whole,
      command:
        commandIn(text) ??
        commandIn(section ?? '') ??
        commandInTranscript(whole, address) ??
        commandIn(whole),
    }),
  };
}

interface Unnamed {
  readonly mail: ReportMail;
  readonly prose: Prose;
  readonly original: ReturnType<typeof originalOf>['fields'];
}

function recipientsInWords({ mail, prose, original }: Unnamed): readonly ReportedRecipient[] {
  const addresses = addressesOf({ mail, prose, original });
  const whole = prose.lines.join('\n');
  const action =
    /\b(?:has|have) (?:not yet been|been) (?:delivered|delayed)\b|\bwarning message only\b|delay(?:ed)? (?:mail|delivery|reason)|will (?:be retried|continue to|keep trying)|still (?:being )?(?:re)?try/i.test(
      whole,
    )
      ? 'delayed'
      : 'failed';
  const isAlone = addresses.length <= 1;
  const lower = addresses.map((address) => address.toLowerCase());
  return (addresses.length > 0 ? addresses : [null]).map((address) => {
    const section = address === null ? '' : sectionOf(prose, address, lower);
    return {
      address,
      originalAddress: null,
      action,
      remoteMta: null,
      ...findingOf({
        address,
        action,
        status: '',
        diagnosticType: null,
        diagnostic: '',
        section,
        whole: isAlone ? whole : '',
        command:
          commandIn(section) ??
          commandInTranscript(whole, address, isAlone) ??
          (isAlone ? commandIn(whole) : null),
      }),
    };
  });
}

/** `X-Failed-Recipients`, which several systems write; else what the words name; else to whom the returned mail was. */
function addressesOf({ mail, prose, original }: Unnamed): readonly string[] {
  const failed = valuesOf(mail.fields, 'x-failed-recipients').flatMap((value) => value.split(','));
  const listed = failed
    .slice(0, MAX_RECIPIENTS)
    .map(addressIn)
    .filter((address) => address !== null);
  if (listed.length > 0) return [...new Set(listed)];
  const senders = valuesOf(original, 'from').map(addressIn);
  const ours = [...mail.to, ...mail.from].map(({ address }) => address);
  const told = new Set(withoutNull([...ours, ...senders]));
  const inWords = recipientsInProse(prose, told);
  return inWords.length > 0 ? inWords : recipientsOfOriginal(original);
}

function withoutNull(list: readonly (string | null)[]): readonly string[] {
  return list.filter((item) => item !== null).map((item) => item.toLowerCase());
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

const MAX_NAME = 255;

function envelopeIdIn(group: FieldGroup): string | null {
  const value = first(group, 'original-envelope-id');
  return value === null ? null : decodeXtext(value);
}

const ACTIONS: readonly ReportAction[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'];

/** Without a word for it the class of the status tells: 2 is delivered, the rest failed. */
function actionIn(action: string | null, status: string | null): ReportAction {
  const word =
    action
      ?.trim()
      .toLowerCase()
      .split(/[\s(;]/)[0] ?? '';
  return (
    ACTIONS.find((known) => known === word) ?? (status?.startsWith('2.') === true ? 'delivered' : 'failed')
  );
}

function kindOf(recipients: readonly ReportedRecipient[]): DeliveryReport['kind'] {
  const has = (action: ReportAction) => recipients.some((recipient) => recipient.action === action);
  if (recipients.length === 0 || has('failed')) return 'bounce';
  if (has('delayed')) return 'delayed';
  return has('delivered') ? 'delivered' : 'relayed';
}
