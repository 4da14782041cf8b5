import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLoopTokens } from '../../src/inbound/loop-token.ts';
import { type ReadParts, type ReadSettings, readArrival } from '../../src/inbound/read-arrival.ts';
import { readClaim } from '../../src/inbound/read-claim.ts';
import type { Async, Mailroom } from '../../src/mailroom/mailroom.ts';
import { openMailroom } from '../../src/mailroom/open.ts';
import { openFolder } from '../../src/platform/node/folder.ts';
import { groupCommit } from '../../src/platform/node/group.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { clock } from '../../src/platform/node/host.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { openSqlite } from '../../src/platform/node/sqlite.ts';
import { createTickets } from '../../src/secrets/ticket.ts';
import { INBOUND_TEST_SETTINGS, type InboundPlace } from '../contracts/inbound.ts';
import { ROOM_CONFIG } from './room-config.ts';

export const READ_SETTINGS: ReadSettings = {
  publicUrl: 'https://mail.example',
  domains: INBOUND_TEST_SETTINGS.domains,
  forwardTo: INBOUND_TEST_SETTINGS.forwardTo,
  trustedServers: INBOUND_TEST_SETTINGS.trustedServers,
};

/** What a reader on this host is made of; nothing looks names up. */
export function readParts(objects: ReadParts['objects'], change: Partial<ReadParts> = {}): ReadParts {
  return {
    objects,
    host: { now: clock.now, after: clock.after, hasher: sha256Hasher },
    newId,
    randomBytes,
    returnPaths: null,
    loopToken: createLoopTokens(async () => new Uint8Array(32)),
    tickets: createTickets(async () => new Uint8Array(32)),
    settings: READ_SETTINGS,
    ...change,
  };
}

/** Reads all that is due, on the spot. */
export async function readAll(
  { account, room }: { readonly account: string; readonly room: Async<Mailroom> },
  parts: ReadParts,
): Promise<void> {
  const { signal } = new AbortController();
  const host = { now: clock.now, after: clock.after, log: () => {} };
  for (;;) {
    const { claims } = await room.claimArrivals({ now: clock.now(), limit: 8, leaseMs: 60_000 });
    if (claims.length === 0) return;
    for (const claim of claims)
      await readClaim(
        { account, claim, room },
        { read: (call) => readArrival(call, parts), host, signal, hurry: signal },
      );
  }
}

export interface NodePlace extends InboundPlace {
  readonly folder: string;
}

/** A real room and a real folder, both gone at the end. */
export async function nodePlace(change: Partial<ReadParts> = {}, account = 'default'): Promise<NodePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-inbound-'));
  const sql = openSqlite(join(folder, 'mailroom.db'));
  const room = groupCommit({
    sql,
    room: openMailroom({ sql, config: ROOM_CONFIG, newId, random: () => 0.5 }),
  });
  const objects = openFolder(join(folder, 'objects'));
  return {
    account,
    folder,
    room,
    objects,
    newId,
    allRead: () => readAll({ account, room }, readParts(objects, change)),
    async close() {
      sql.close();
      await rm(folder, { recursive: true });
    },
  };
}
