import { expect, test } from 'vitest';
import { Notifier, type NotifierParts } from '../../src/clerk/notifier.ts';

/** Seventeen accounts with 32 places each are more than the 512 that there are. */
const ACCOUNTS = Array.from({ length: 17 }, (_, nth) => `account-${nth}`);

test('an account that found no place has one as soon as others turn out to need none', async () => {
  const asked: string[] = [];
  const nothing = { claims: [], nextAt: null };
  const room = async (account: string) => ({
    claimDeliveries: async () => {
      asked.push(account);
      return nothing;
    },
  });
  // Only what is asked for in this test.
  const parts = {
    rooms: { names: () => ACCOUNTS, room },
    host: { now: () => 0, after: () => () => {}, log: () => {} },
  } as unknown as NotifierParts;
  const notifier = new Notifier(parts);
  for (const account of ACCOUNTS) notifier.wake(account);
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  expect(asked).toEqual(ACCOUNTS);
});
