import { type Call, read, readAll } from './caller.ts';
import type { Arrival } from './sink.ts';

/** What the service says of one mail at the end. */
export interface Kept {
  readonly id: string;
  readonly number: number;
  /** `unknown`: ended without knowing whether the relay has it, and says so. */
  readonly state: 'sent' | 'unknown' | 'unfinished' | 'failed';
  readonly maybeDuplicate: boolean;
}

/** Both sides of the books. */
export interface Books {
  /** The ids that were answered by 2xx, by the number of the mail. */
  readonly accepted: ReadonlyMap<number, string>;
  readonly arrivals: readonly Arrival[];
  readonly kept: readonly Kept[];
  /** Whether a mail whose first copy went like this may be sent a second time. */
  readonly mayRepeat: (first: Arrival) => boolean;
}

/** The books compared; lists hold numbers of mails. */
export interface Balance {
  readonly accepted: number;
  /** Copies that reached the relay. */
  readonly arrived: number;
  /** Accepted, and not kept under its id; or neither with the relay nor reported as unknown. */
  readonly lost: readonly number[];
  /** Accepted, and at no final state. */
  readonly unfinished: readonly number[];
  /** Accepted, and reported as unknown. */
  readonly unknown: number;
  /** Those of them that the relay does have. */
  readonly unknownArrived: number;
  /** Sent a second time as it may be: its fate at the dot was open. */
  readonly inside: readonly number[];
  /** The longest time, in milliseconds, that the first copy of one of these had its reply before its connection ended. */
  readonly slowestRecording: number;
  /** Sent a second time for any other reason, or a third time, or kept twice. */
  readonly outside: readonly number[];
  /** Sent a second time without being marked as a possible copy, or with other bytes. */
  readonly unmarked: readonly number[];
}

/** The body of a send that can be told from all others. @param more fields beside the usual ones, or instead of them. */
export function numbered(number: number, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    from: 'you@example.com',
    to: `r${number}@example.org`,
    subject: `Number ${number}`,
    text: 'It works.',
    ...more,
  });
}

export function numberOf({ text }: Pick<Arrival, 'text'>): number {
  return Number(/^Subject: Number (\d+)\r$/m.exec(text)?.[1]);
}

export function balance(books: Books): Balance {
  const { accepted, arrivals, kept } = books;
  const copies = Map.groupBy(arrivals, numberOf);
  const repeated = [...copies].filter(([, all]) => all.length > 1);
  const records = Map.groupBy(kept, ({ number }) => number);
  const ours = [...accepted].map(([number, id]) => ({
    number,
    hasArrived: copies.has(number),
    state: records.get(number)?.find((one) => one.id === id)?.state,
  }));
  const lost = ours.filter(
    ({ hasArrived, state }) => state === undefined || (!hasArrived && state !== 'unknown'),
  );
  const inside = repeated.filter(([, all]) => isAllowed(all, books));
  const outside = repeated.filter(([, all]) => !isAllowed(all, books));
  const unknown = ours.filter(({ state }) => state === 'unknown');
  return {
    accepted: accepted.size,
    arrived: arrivals.length,
    lost: lost.map(({ number }) => number),
    unfinished: ours.filter(({ state }) => state === 'unfinished').map(({ number }) => number),
    unknown: unknown.length,
    unknownArrived: unknown.filter(({ hasArrived }) => hasArrived).length,
    inside: numbers(inside),
    slowestRecording: Math.max(0, ...inside.map(([, [first]]) => answeredFor(first))),
    outside: [...numbers(outside), ...numbers([...records].filter(([, all]) => all.length > 1))],
    unmarked: numbers(
      repeated.filter(([number, all]) => {
        const isSame = new Set(all.map(({ text }) => text)).size === 1;
        return !isSame || records.get(number)?.[0]?.maybeDuplicate !== true;
      }),
    ),
  };
}

function numbers(some: readonly (readonly [number, unknown])[]): readonly number[] {
  return some.map(([number]) => number);
}

function answeredFor(first: Arrival | undefined): number {
  const { repliedAt = null, endedAt = null } = first ?? {};
  return repliedAt === null || endedAt === null ? 0 : endedAt - repliedAt;
}

function isAllowed(all: readonly Arrival[], { mayRepeat }: Books): boolean {
  const [first] = all;
  return first !== undefined && all.length === 2 && mayRepeat(first);
}

interface Listed {
  readonly id: string;
  readonly subject: string;
  readonly last_event: string;
}

interface Detailed {
  readonly recipients: readonly { readonly reason: string | null; readonly maybe_duplicate: boolean }[];
}

/** What the service keeps; looked at closely where it was not simply sent, once. */
export async function readKept(service: Call, arrivals: readonly Arrival[]): Promise<readonly Kept[]> {
  const copies = Map.groupBy(arrivals, numberOf);
  const kept: Kept[] = [];
  for (const one of await readAll<Listed>({ ...service, url: `${service.url}/emails` })) {
    const { id, subject, last_event: event } = one;
    const number = Number(/^Number (\d+)$/.exec(subject)?.[1]);
    if (event === 'sent' && copies.get(number)?.length === 1) {
      kept.push({ id, number, state: 'sent', maybeDuplicate: false });
      continue;
    }
    const { recipients } = await read<Detailed>({ ...service, url: `${service.url}/emails/${id}` });
    const [{ reason, maybe_duplicate: maybeDuplicate } = { reason: null, maybe_duplicate: false }] =
      recipients;
    kept.push({ id, number, state: stateOf(event, reason), maybeDuplicate });
  }
  return kept;
}

function stateOf(event: string, reason: string | null): Kept['state'] {
  if (event === 'sent') return 'sent';
  if (event !== 'failed' && event !== 'bounced') return 'unfinished';
  return reason === 'outcome_unknown' ? 'unknown' : 'failed';
}
