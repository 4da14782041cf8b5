import type { ParsedField } from './parsed.ts';
import { addressIn } from './report-address.ts';
import { MAX_RECIPIENTS, recipientsInProse, recipientsOfOriginal } from './report-addresses.ts';
import { type Command, commandIn } from './report-codes.ts';
import { type ReportMail, valuesIn } from './report-mail.ts';
import { type Prose, sectionOf } from './report-prose.ts';
import type { ReportedRecipient } from './report-shape.ts';
import { commandRefused, readTranscript } from './report-transcript.ts';
import { findingOf } from './report-verdict.ts';

/** What the words for people say about one recipient. */
interface Told {
  readonly section: string;
  readonly whole: string;
  readonly command: Command | null;
}

/** The words of one report, asked about its recipients one after the other. */
export interface Witness {
  /**
   * @param addresses of one recipient; the first that the words name counts
   * @param diagnostic its reply, where there is a field for it
   */
  about(addresses: readonly (string | null)[], diagnostic: string): Told;
}

/** @param recipients all of the report */
export function readWitness(prose: Prose, recipients: readonly (string | null)[]): Witness {
  const all = new Set(
    recipients.filter((address) => address !== null).map((address) => address.toLowerCase()),
  );
  const transcript = readTranscript(prose);
  // Of one recipient only, all words are about it.
  const whole = recipients.length <= 1 ? prose.lines.join('\n') : '';
  const anyCommand = recipients.length <= 1 ? (transcript[0]?.command ?? commandIn(whole)) : null;
  return {
    about(addresses, diagnostic) {
      const known = addresses.filter((address) => address !== null);
      const section =
        known.map((address) => sectionOf(prose, address, all)).find((words) => words !== '') ?? '';
      return {
        section,
        whole,
        command:
          commandIn(diagnostic) ??
          commandIn(section) ??
          commandRefused(transcript, known[0] ?? null) ??
          anyCommand,
      };
    },
  };
}

const IS_DELAYED =
  /\b(?:has|have) (?:not yet been delivered|been delayed)\b|\bwarning message only\b|delay(?:ed)? (?:mail|delivery|reason)|will (?:be retried|continue to|keep trying)|still (?:being )?(?:re)?try/i;

/** The recipients of a report that names them in words; one without an address where nobody is named. */
export function recipientsInWords(report: {
  readonly mail: ReportMail;
  readonly prose: Prose;
  readonly original: readonly ParsedField[];
}): readonly ReportedRecipient[] {
  const addresses = addressesOf(report);
  const witness = readWitness(report.prose, addresses);
  const action = IS_DELAYED.test(report.prose.lines.join('\n')) ? 'delayed' : 'failed';
  return (addresses.length > 0 ? addresses : [null]).map((address) => ({
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
      ...witness.about([address], ''),
    }),
  }));
}

/** `X-Failed-Recipients`, which several systems write; else what the words name; else to whom the returned mail was. */
function addressesOf({ mail, prose, original }: Parameters<typeof recipientsInWords>[0]): readonly string[] {
  const failed = valuesIn(mail.fields, 'x-failed-recipients').flatMap((value) => value.split(','));
  const listed = failed
    .slice(0, MAX_RECIPIENTS)
    .map(addressIn)
    .filter((address) => address !== null);
  if (listed.length > 0) return [...new Set(listed)];
  const told = [...mail.to, ...mail.from].map(({ address }) => address);
  const senders = valuesIn(original, 'from').map(addressIn);
  const ours = [...told, ...senders].filter((address) => address !== null);
  const inWords = recipientsInProse(prose, new Set(ours.map((address) => address.toLowerCase())));
  return inWords.length > 0 ? inWords : recipientsOfOriginal(original);
}
