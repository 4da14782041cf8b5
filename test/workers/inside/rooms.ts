import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import type { Async, Mailroom } from '../../../src/mailroom/mailroom.ts';
import type { NewEmail } from '../../../src/mailroom/records.ts';
import { remoteRoom } from '../../../src/platform/workers/remote-room.ts';
import { House } from '../../contracts/mailroom/house.ts';

/** Boundaries are 16 to 40 characters long. */
const BOUNDARY_LENGTH = 32;

export interface TestRoom {
  readonly account: string;
  readonly room: Async<Mailroom>;
  readonly stub: ReturnType<(typeof env)['MAILROOM']['getByName']>;
}

/** A mailroom that no other test knows. */
export function newRoom(): TestRoom {
  const account = `room-${crypto.randomUUID().slice(0, 8)}`;
  return { account, room: remoteRoom(env.MAILROOM, account), stub: env.MAILROOM.getByName(account) };
}

export function mail(to: string, change: Partial<NewEmail> = {}): NewEmail {
  const id = crypto.randomUUID();
  const boundary = id.replaceAll('-', '').slice(0, BOUNDARY_LENGTH);
  return { ...House.prototype.email([to], { id }), boundary, ...change };
}

export async function accept(room: Async<Mailroom>, email: NewEmail): Promise<void> {
  const accepted = await room.accept({
    door: { credential: { kind: 'operator' }, scope: 'sending' },
    mode: 'single',
    items: [{ kind: 'email', email }],
    now: Date.now(),
  });
  expect(accepted.kind).toBe('accepted');
}
