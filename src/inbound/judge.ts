import { unavailable } from '../../schemas/refusal.ts';
import type { Host } from '../due/host.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { RecipientRuling } from '../mailroom/route-records.ts';
import { parseAddrSpec } from '../mime/address.ts';
import type { ReturnPaths } from '../mime/return-path.ts';
import type { JudgeRecipient, Received } from './receive.ts';

/** When a room that could not be asked is asked again. */
export const RETRY_AFTER_SECONDS = 60;

export interface JudgeParts {
  /** Null when there is no such account. */
  readonly room: (account: string) => Promise<Async<Mailroom> | null>;
  /** With RETURN_PATH_DOMAIN. */
  readonly returnPaths: Pick<ReturnPaths, 'read'> | null;
  readonly log: Host['log'];
  readonly settings: {
    /** A-labels, lower case; null: every domain. */
    readonly receivingDomains: readonly string[] | null;
    readonly returnPathDomain: string | null;
  };
}

type No = Extract<Received, { kind: 'refused' | 'unavailable' }>;

/** What becomes of one recipient. */
export type Judged =
  | { readonly kind: 'take'; readonly account: string; readonly address: string }
  | { readonly kind: 'drop' }
  | No;

/** Judges the recipients of one delivery, in order. Never throws: a room that cannot be asked is `unavailable`. */
export type Judge = (call: {
  readonly account: string;
  readonly addresses: readonly string[];
}) => Promise<readonly Judged[]>;

/**
 * Whom mail is taken for: the envelope alone decides, never a header. A domain that is not ours is refused, so that nothing
 * here passes mail on for strangers; at the domain of our return paths only those that we have signed, and such a one names
 * the account by itself.
 */
export function createJudge(parts: JudgeParts): Judge {
  return async ({ account, addresses }) => {
    const read = await Promise.all(addresses.map((address) => readRecipient({ account, address }, parts)));
    const ordinary = read.flatMap((one) => (one.kind === 'ask' ? [one.address] : []));
    if (ordinary.length === 0) return read.map((one) => (one.kind === 'ask' ? NOBODY : one));
    const rulings = await rule({ account, recipients: ordinary }, parts);
    if ('kind' in rulings) return read.map((one) => (one.kind === 'ask' ? rulings : one));
    const next = rulings[Symbol.iterator]();
    return read.map((one) => {
      if (one.kind !== 'ask') return one;
      const ruling = next.next().value;
      return ruling === undefined ? NOBODY : judged({ account, address: one.address }, ruling);
    });
  };
}

/** The same for one recipient that is named before its mail is sent. */
export function createJudgeRecipient(judge: Judge): JudgeRecipient {
  return async ({ account, address }) => {
    const [one] = await judge({ account, addresses: [address] });
    return one === undefined || one.kind === 'take' || one.kind === 'drop' ? null : one;
  };
}

const NOBODY: No = { kind: 'refused', reason: 'address', message: 'No such mailbox here.' };
const NO_ADDRESS: No = { kind: 'refused', reason: 'address', message: 'Not an address.' };
const FOREIGN: No = { kind: 'refused', reason: 'domain', message: 'No mail is received for this domain.' };

interface Recipient {
  readonly account: string;
  readonly address: string;
}

async function readRecipient(
  { address: given }: Recipient,
  { room, returnPaths, settings }: JudgeParts,
): Promise<Judged | { readonly kind: 'ask'; readonly address: string }> {
  const reading = parseAddrSpec(given.trim());
  if (!reading.ok) return NO_ADDRESS;
  const { address, domain } = reading.mailbox;
  const { receivingDomains, returnPathDomain } = settings;
  if (domain === returnPathDomain) {
    const path = (await returnPaths?.read(address)) ?? null;
    if (path !== null) {
      const exists = (await room(path.account)) !== null;
      return exists ? { kind: 'take', account: path.account, address } : NOBODY;
    }
    // Anybody may write to a domain that mail is received for by name; a return path must be one of ours.
    if (receivingDomains?.includes(domain) !== true) return NOBODY;
  }
  return receivingDomains === null || receivingDomains.includes(domain) ? { kind: 'ask', address } : FOREIGN;
}

async function rule(
  { account, recipients }: { readonly account: string; readonly recipients: readonly string[] },
  { room, log }: JudgeParts,
): Promise<readonly RecipientRuling[] | No> {
  try {
    const found = await room(account);
    return found === null ? NOBODY : await found.rule({ recipients });
  } catch (cause) {
    log({ level: 'error', event: 'recipients_not_judged', account, cause: String(cause) });
    return { kind: 'unavailable', refusal: unavailable(RETRY_AFTER_SECONDS) };
  }
}

function judged(recipient: Recipient, ruling: RecipientRuling): Judged {
  switch (ruling.kind) {
    case 'take':
      return { kind: 'take', ...recipient };
    case 'drop':
      return ruling;
    case 'reject':
      return { kind: 'refused', reason: 'route', message: ruling.message };
  }
}
