import type { BounceDetail, SmtpReply } from '../../schemas/delivery.ts';
import type { Report, ReportAction, ReportedRecipient } from '../mime/report-shape.ts';
import { foldAddress } from './suppressions.ts';

/** What a report means for the one recipient whose return path it came to. */
export type ReportEffect =
  | {
      readonly kind: 'bounced';
      readonly reason: string;
      readonly smtp: SmtpReply | null;
      readonly bounce: BounceDetail;
      readonly suppress: boolean;
    }
  | { readonly kind: 'delivered'; readonly smtp: SmtpReply | null }
  | { readonly kind: 'delayed'; readonly reason: string; readonly smtp: SmtpReply | null }
  | { readonly kind: 'complained' }
  /** No news of a delivery, but the relay had the mail: nobody else would report about it. */
  | { readonly kind: 'taken' };

/** Where one address became several: what is worst is told. */
const ORDER: readonly ReportAction[] = ['failed', 'delivered', 'delayed', 'relayed', 'expanded'];

const UNDETERMINED: BounceDetail = {
  type: 'Undetermined',
  subType: 'Undetermined',
  message: 'The message was not delivered.',
  diagnosticCode: [],
};

/** Null for what says nothing about a delivery: an answer of a person's program, or a mail that only came to this address. */
export function effectOf({
  report,
  address,
}: {
  readonly report: Report;
  readonly address: string;
}): ReportEffect | null {
  switch (report.kind) {
    case 'not_a_report':
    case 'auto_reply':
      return null;
    case 'complaint':
      return { kind: report.suppress ? 'complained' : 'taken' };
    case 'bounce':
    case 'delayed':
    case 'delivered':
    case 'relayed':
      return deliveryEffect(concerned(report.recipients, address));
  }
}

/**
 * The blocks of a report that are about this address; all of them where none names it. Behind a forward or an alias the
 * address is another one: that it is ours, the return path has proven.
 */
function concerned(recipients: readonly ReportedRecipient[], address: string): readonly ReportedRecipient[] {
  const wanted = foldAddress(address);
  const named = recipients.filter((one) =>
    [one.originalAddress, one.address].some((name) => name !== null && foldAddress(name) === wanted),
  );
  return named.length > 0 ? named : recipients;
}

function deliveryEffect(recipients: readonly ReportedRecipient[]): ReportEffect {
  const worst = recipients.toSorted(
    (one, other) => ORDER.indexOf(one.action) - ORDER.indexOf(other.action),
  )[0];
  if (worst === undefined) {
    const reason = 'undefined';
    return { kind: 'bounced', reason, smtp: null, bounce: UNDETERMINED, suppress: false };
  }
  const smtp = replyOf(worst);
  switch (worst.action) {
    case 'failed': {
      // A list with one dead member is no dead address.
      const suppress = recipients.every((one) => one.action === 'failed' && one.suppress);
      return { kind: 'bounced', reason: worst.reason, smtp, bounce: worst.bounce ?? UNDETERMINED, suppress };
    }
    case 'delivered':
      return { kind: 'delivered', smtp };
    case 'delayed':
      return { kind: 'delayed', reason: worst.reason, smtp };
    case 'relayed':
    case 'expanded':
      return { kind: 'taken' };
  }
}

/** The reply that the report quotes, of the host that it names; null when it quotes none. Nothing is made up. */
function replyOf({ reply, status, diagnostic, remoteMta }: ReportedRecipient): SmtpReply | null {
  if (reply === null) return null;
  return { code: reply, enhancedCode: status, response: diagnostic, remoteHost: remoteMta, tls: null };
}
