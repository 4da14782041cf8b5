import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, inject, test } from 'vitest';
import type { AttachmentRecord } from '../../../src/mailroom/attachment-records.ts';
import { objectKey } from '../../../src/objects/key.ts';
import { r2Store } from '../../../src/platform/workers/objects.ts';
import { relayObject } from '../../../src/platform/workers/relay-object.ts';
import { allCells, type Cell, type Fate, type Fates, fatesOf, nameOf } from '../../faults/matrix-table.ts';
import { patience } from '../../support/patience.ts';
import type {} from '../support/provided.ts';
import { accept, mail, newRoom, type TestRoom } from './rooms.ts';

const HOUR_MS = 3_600_000;
/** More than any socket buffers. */
const LARGE_BYTES = 24_000_000;

// The waits of a relay that keeps silent end when the test says so. Whatever waits shorter goes on as before.
const waits = patience();
const realTimeout = globalThis.setTimeout;
const realClear = globalThis.clearTimeout;
const LONG_MS = 20_000;
const LOOK_EVERY_MS = 10;
const held = new Map<number, () => void>();
let holding = -1;

function holdLongWaits(): void {
  Object.assign(globalThis, {
    setTimeout: (work: () => void, ms = 0) => {
      if (ms < LONG_MS) return realTimeout(work, ms);
      held.set(holding, waits.after(ms, work));
      return holding--;
    },
    clearTimeout: (timer: unknown) => {
      held.get(timer as number)?.();
      if (!held.delete(timer as number)) realClear(timer as number);
    },
  });
}

function letGo(): void {
  Object.assign(globalThis, { setTimeout: realTimeout, clearTimeout: realClear });
}

const ask = async (verb: string, number: number): Promise<number | null> =>
  (await fetch(`${inject('servers').window}/${verb}/${number}`)).json();

async function attachmentFor({ step }: Cell, account: string): Promise<readonly AttachmentRecord[]> {
  if (step !== 'body') return [];
  const key = objectKey({ account, id: crypto.randomUUID() });
  const { sha256 } = await r2Store(env.OBJECTS).put(key, new Uint8Array(LARGE_BYTES), { contentType: null });
  const about = { filename: 'file.bin', contentType: 'application/octet-stream', contentId: null } as const;
  return [{ ...about, id: crypto.randomUUID(), disposition: 'attachment', size: LARGE_BYTES, sha256, key }];
}

async function play(cell: Cell, number: number): Promise<Fates> {
  const it = newRoom();
  // Far ahead, so that the room's own alarm leaves it to us.
  const due = Date.now() + 10 * HOUR_MS;
  const attachments = await attachmentFor(cell, it.account);
  const email = mail('somebody@there.example', { scheduledAt: due, attachments });
  await accept(it.room, email);
  const silent = cell.fault === 'hang' || cell.fault === 'drip';
  if (silent) holdLongWaits();
  const delivering = attempt(it, number, due);
  if (silent) {
    await ask('still', number);
    let isOver = false;
    void delivering.finally(() => {
      isOver = true;
    });
    const relay = relayObject(env.RELAY, { relay: `cell-${number}`, shard: 0 });
    while (!isOver) {
      await runInDurableObject(relay, () => waits.expire());
      await new Promise((resolve) => realTimeout(resolve, LOOK_EVERY_MS));
    }
    letGo();
  }
  await delivering;
  const first = await fateOf(it, email.id);
  await ask('well', number);
  if (first.state !== 'failed') await attempt(it, number, due + 2 * HOUR_MS);
  return { first, last: await fateOf(it, email.id), copies: (await ask('copies', number)) ?? 0 };
}

/** As the room's alarm would do it at that time. */
async function attempt({ room, account }: TestRoom, number: number, now: number): Promise<void> {
  const relay = `cell-${number}`;
  const object = relayObject(env.RELAY, { relay, shard: 0 });
  await runInDurableObject(object, (one) => {
    one.clock = () => now;
  });
  // Each relay is the only one of its mail: what would go on to the next one comes back here.
  const insteadOf = allCells().map((_, other) => `cell-${other}`);
  const turn = { relay, unbound: true, insteadOf, limit: 1, leaseMs: HOUR_MS };
  const [claim] = await room.claim({ ...turn, now });
  if (claim === undefined) throw new Error('nothing was claimed');
  await object.deliver({ account, claim });
}

async function fateOf({ room }: TestRoom, id: string): Promise<Fate> {
  const recipient = (await room.email({ id }))?.recipients[0];
  const events = await room.emailEvents({ id, page: { limit: 100, after: null, before: null } });
  if (recipient === undefined || !events.ok) throw new Error('The mail is gone');
  const { state, attempts, maybeDuplicate } = recipient;
  // Scheduled here only so that nothing but the test brings it to its relay.
  const types = events.value.items
    .map(({ type }) => (type === 'email.scheduled' ? 'email.queued' : type))
    .toReversed();
  return { state, attempts, events: types as Fate['events'], maybeDuplicate };
}

test.each(allCells().map((cell, number) => [nameOf(cell), cell, number] as const))(
  '%s',
  async (_, cell, number) => {
    expect(await play(cell, number)).toEqual(fatesOf(cell, 'workers'));
  },
);
