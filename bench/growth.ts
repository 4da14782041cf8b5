import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mailroom } from '../src/mailroom/mailroom.ts';
import { openMailroom } from '../src/mailroom/open.ts';
import type { Claim } from '../src/mailroom/records.ts';
import { newId } from '../src/platform/node/ids.ts';
import { openSqlite, type SqliteFile } from '../src/platform/node/sqlite.ts';
import { ROOM_CONFIG } from '../test/support/room-config.ts';
import { ALTERNATIVE_5K } from './mails.ts';
import { median, type Report, type Scale, told } from './report.ts';
import { newEmail } from './support/filled.ts';
import { storeMails } from './support/stored-mails.ts';

const LEASE_MS = 60_000;
/** Verbs that share a commit, as under load. */
const AT_ONCE = 32;
const RELAY = 'bench';
const DOOR = { key: { id: null, permission: 'full_access', domain: null } } as const;
const PAGE = { limit: 20, after: null, before: null };

interface Stand {
  readonly sql: SqliteFile;
  readonly room: Mailroom;
}

/** What each verb costs, one by one, in microseconds. Later ones work on what earlier ones have left. */
const VERBS: Readonly<Record<string, (stand: Stand, kept: Kept) => number>> = {
  accept: ({ sql, room }) => timed(AT_ONCE, () => sql.group(() => times(AT_ONCE, () => accept(room)))),
  claim: ({ sql, room }, kept) =>
    timed(AT_ONCE, () => {
      const call = {
        now: Date.now(),
        relay: RELAY,
        unbound: true,
        insteadOf: [],
        limit: AT_ONCE,
        leaseMs: LEASE_MS,
      };
      kept.claims = sql.group(() => room.claim(call));
    }),
  'mark the dot, settle': ({ sql, room }, { claims }) =>
    timed(AT_ONCE, () => sql.group(() => carryAll(room, claims))),
  'claim and settle a webhook call': ({ sql, room }) =>
    timed(AT_ONCE, () => sql.group(() => times(AT_ONCE, () => call(room)))),
  'list the newest mails': ({ sql, room }) => timed(1, () => sql.group(() => room.emails({ page: PAGE }))),
  'list mails from the middle': ({ sql, room }, { middle }) =>
    timed(1, () => sql.group(() => room.emails({ page: { ...PAGE, after: middle } }))),
  'read one mail': ({ sql, room }, { middle }) => timed(1, () => sql.group(() => room.email({ id: middle }))),
  'list the events of a recipient': ({ sql, room }) => {
    const filter = {
      type: null,
      emailId: null,
      recipient: 'reader7@customer.example',
      tag: null,
      since: null,
      until: null,
    };
    return timed(1, () => sql.group(() => room.events({ filter, page: PAGE })));
  },
};

interface Kept {
  claims: readonly Claim[];
  readonly middle: string;
}

/** What verbs of a room cost when more and more is stored. */
export async function growth({ isShort, rounds }: Scale): Promise<Report> {
  const sizes = isShort ? [1_000, 100_000] : [1_000, 100_000, 2_000_000];
  const turns = isShort ? 60 : 40 * rounds;
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  try {
    const stands = sizes.map((size) => ({ size, ...openStand(join(folder, `${size}.db`), size) }));
    const seen = new Map<string, number[]>();
    for (let turn = -Math.ceil(turns / 5); turn < turns; turn += 1)
      for (const [name, verb] of Object.entries(VERBS))
        for (const stand of stands) {
          const cost = verb(stand, stand.kept);
          if (turn < 0) continue;
          const key = `${name} ${stand.size}`;
          seen.set(key, [...(seen.get(key) ?? []), cost]);
        }
    for (const { sql } of stands) sql.close();
    return reportOf(sizes, (name, size) => median(seen.get(`${name} ${size}`) ?? []), turns);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function openStand(path: string, size: number): Stand & { readonly kept: Kept } {
  const first = openStored(path);
  const webhook = first.room.createWebhook({
    webhook: {
      id: newId(),
      endpoint: 'https://hooks.example/in',
      types: ['email.sent'],
      sealedSecret: 'sealed',
    },
    now: Date.now(),
  });
  if (!webhook.ok) throw new Error('no webhook');
  const [place] = first.sql.exec<{ seq: number }>('SELECT seq FROM webhooks');
  first.sql.close();
  storeMails(path, size, place?.seq ?? 0);
  const stand = openStored(path);
  const [row] = stand.sql.exec<{ id: string }>('SELECT id FROM emails WHERE seq = ?', Math.ceil(size / 2));
  return { ...stand, kept: { claims: [], middle: row?.id ?? '' } };
}

function openStored(path: string): Stand {
  const sql = openSqlite(path);
  const config = { ...ROOM_CONFIG, relays: [RELAY], clearRelays: [RELAY] };
  return { sql, room: openMailroom({ sql, config, newId, random: Math.random }) };
}

function accept(room: Mailroom): void {
  const items = [{ kind: 'email', email: newEmail(ALTERNATIVE_5K) }] as const;
  if (room.accept({ door: DOOR, mode: 'single', items, now: Date.now() }).kind !== 'accepted')
    throw new Error('not accepted');
}

function carryAll(room: Mailroom, claims: readonly Claim[]): void {
  for (const claim of claims) carry(room, claim);
}

function carry(room: Mailroom, { attemptId, recipients }: Claim): void {
  const now = Date.now();
  const composed = { version: 1, sha256: '00', size: 5_000 };
  room.markDot({ attemptId, recipients: recipients.map(({ ordinal }) => ordinal), now, composed });
  const smtp = { code: 250, enhancedCode: '2.0.0', response: 'Ok', remoteHost: 'relay.example', tls: null };
  const outcomes = recipients.map(({ ordinal }) => ({
    recipient: ordinal,
    outcome: { kind: 'sent', smtp } as const,
  }));
  if (room.settle({ attemptId, now, outcomes }) !== 'settled') throw new Error('not settled');
}

function call(room: Mailroom): void {
  const now = Date.now();
  const [claim] = room.claimDeliveries({ now, limit: 1, leaseMs: LEASE_MS }).claims;
  if (claim === undefined) throw new Error('no call');
  const answer = { kind: 'answered', status: 200, response: '', retryAfterMs: null } as const;
  room.settleDelivery({ claimId: claim.claimId, now, sentAt: now, answer });
}

function times(count: number, work: () => void): void {
  for (let done = 0; done < count; done += 1) work();
}

function timed(of: number, work: () => unknown): number {
  const began = performance.now();
  work();
  return ((performance.now() - began) * 1_000) / of;
}

function reportOf(
  sizes: readonly number[],
  cost: (name: string, size: number) => number,
  turns: number,
): Report {
  const least = sizes[0] ?? 0;
  const most = sizes.at(-1) ?? 0;
  const named = (size: number): string => `µs at ${size.toLocaleString('en')} mails`;
  const grown = (name: string): number => cost(name, most) / cost(name, least);
  const names = Object.keys(VERBS);
  return {
    part: 'growth',
    title: 'Growth',
    rows: names.map((what) => ({
      what,
      values: {
        ...Object.fromEntries(sizes.map((size) => [named(size), told(cost(what, size))])),
        grown: told(grown(what)),
      },
    })),
    targets: names.map((name) => ({
      target: `${name}: ${most.toLocaleString('en')} over ${least.toLocaleString('en')} mails`,
      is: grown(name),
      atMost: 1.3,
    })),
    notes: [
      `Each figure is the median of ${turns} turns that go round the sizes; verbs that change something run ${AT_ONCE} in a transaction, and the sync to the disk is left out. Each stored mail has a recipient, two events and a delivered webhook call.`,
    ],
  };
}
