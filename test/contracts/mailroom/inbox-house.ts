import type {
  ArrivalClaim,
  NewArrival,
  ReadMail,
  SettleArrivalCall,
} from '../../../src/mailroom/arrival-records.ts';
import type { InboxVerbs } from '../../../src/mailroom/inbox-verbs.ts';
import type {
  ReceivedAttachmentRecord,
  ReceivedDetail,
  ReceivedFilter,
  ReceivedHead,
  ReceivedRecord,
} from '../../../src/mailroom/received-records.ts';
import type { NewEmail, Page } from '../../../src/mailroom/records.ts';
import type { RouteAction, RouteMatch } from '../../../src/mailroom/route-records.ts';
import { type House, MINUTE } from './house.ts';

export const READ_LEASE_MS = 2 * MINUTE;
export const ALL: Page = { limit: 100, after: null, before: null };
export const NO_FILTER: ReceivedFilter = { from: null, to: null, subject: null, since: null, until: null };

/** What is done with mail that comes in, over and over, in tests of a room. */
export function head(change: Partial<ReceivedHead> = {}): ReceivedHead {
  return {
    from: [{ name: 'Ann', address: 'ann@example.org' }],
    to: [{ name: '', address: 'support@mine.example' }],
    cc: [],
    bcc: [],
    replyTo: [],
    subject: 'A question',
    messageId: '<question@example.org>',
    inReplyTo: null,
    references: [],
    date: null,
    headers: [['subject', 'A question']],
    ...change,
  };
}

/** Bytes of its own each time, unless told. */
export function arrival(room: House, change: Partial<NewArrival> = {}): NewArrival {
  const id = change.id ?? room.newId();
  return {
    id,
    source: 'smtp',
    envelopeFrom: 'ann@example.org',
    envelopeTo: ['support@mine.example'],
    peer: { remoteAddress: '192.0.2.1', ehlo: 'mx.example.org' },
    rawKey: `t/default/raw-${id}`,
    rawSize: 4711,
    rawSha256: `sha-${id}`,
    deliveryId: null,
    head: head(),
    ...change,
  };
}

export function receive(room: House, change: Partial<NewArrival> = {}): ReturnType<InboxVerbs['receive']> {
  return room.room.receive({ arrival: arrival(room, change), now: room.now });
}

/** Takes a mail in and answers its id. */
export function received(room: House, change: Partial<NewArrival> = {}): string {
  const answer = receive(room, change);
  if (!answer.ok) throw new Error(answer.refusal.message);
  return answer.value.id;
}

export function arrivals(room: House, limit = 10): readonly ArrivalClaim[] {
  return room.room.claimArrivals({ now: room.now, limit, leaseMs: READ_LEASE_MS }).claims;
}

/** The one mail that is to be read. */
export function oneArrival(room: House): ArrivalClaim {
  const claims = arrivals(room);
  const [claim] = claims;
  if (claim === undefined || claims.length !== 1) throw new Error(`${claims.length} arrivals`);
  return claim;
}

export function fileId(name: string): string {
  const hex = [...new TextEncoder().encode(name)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `00000000-0000-4000-8000-${hex.padStart(12, '0')}`;
}

export function file(name: string, change: Partial<ReceivedAttachmentRecord> = {}): ReceivedAttachmentRecord {
  return {
    id: fileId(name),
    filename: name,
    contentType: 'application/pdf',
    contentId: null,
    disposition: 'attachment',
    size: 3,
    sha256: `sha-${name}`,
    key: `t/default/${name}`,
    ...change,
  };
}

export function readMail(change: Partial<ReadMail> = {}): ReadMail {
  return {
    parse: 'full',
    head: head(),
    content: { kind: 'inline', html: '<p>Why?</p>', text: 'Why?' },
    attachments: [],
    strippedText: 'Why?',
    authentication: { spf: 'pass', dkim: 'pass', dmarc: 'pass', source: 'checked' },
    auto: { reply: false, bounce: false, list: false },
    report: { kind: 'not_a_report' },
    token: null,
    ...change,
  };
}

type Reading = Extract<SettleArrivalCall['outcome'], { kind: 'read' }>;
export type Body = NonNullable<Reading['body']>;

export function settle(
  room: House,
  { claimId }: ArrivalClaim,
  outcome: SettleArrivalCall['outcome'],
): 'settled' | 'stale' {
  return room.room.settleArrival({ claimId, now: room.now, outcome });
}

export function settleRead(
  room: House,
  claim: ArrivalClaim,
  change: Partial<ReadMail> = {},
  more: { readonly forwards?: readonly NewEmail[]; readonly body?: Body | null } = {},
): 'settled' | 'stale' {
  const { forwards = [], body = null } = more;
  return settle(room, claim, { kind: 'read', mail: readMail(change), forwards, body });
}

/** Received and read; answers its id. */
export function readIn(
  room: House,
  change: Partial<NewArrival> = {},
  mail: Partial<ReadMail> = change.head === undefined ? {} : { head: change.head },
): string {
  const id = received(room, change);
  settleRead(room, oneArrival(room), mail);
  return id;
}

export function detail(room: House, id: string): ReceivedDetail {
  const mail = room.room.receivedEmail({ id });
  if (mail === null) throw new Error(`No received email ${id}`);
  return mail;
}

/** Newest first. */
export function listed(
  room: House,
  filter: Partial<ReceivedFilter> = {},
  page: Partial<Page> = {},
): { readonly items: readonly ReceivedRecord[]; readonly hasMore: boolean } {
  const read = room.room.receivedEmails({ filter: { ...NO_FILTER, ...filter }, page: { ...ALL, ...page } });
  if (!read.ok) throw new Error(read.refusal.message);
  return read.value;
}

export function idsOf({ items }: { readonly items: readonly { readonly id: string }[] }): readonly string[] {
  return items.map(({ id }) => id);
}

export function addRoute(
  room: House,
  match: RouteMatch,
  actions: readonly RouteAction[],
  change: { readonly position?: number; readonly enabled?: boolean } = {},
): string {
  const id = room.newId();
  const { position = null, enabled = true } = change;
  const made = room.room.createRoute({ route: { id, match, actions, position, enabled }, now: room.now });
  if (!made.ok) throw new Error(made.refusal.message);
  return id;
}
