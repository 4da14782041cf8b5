import { expect, test } from 'vitest';
import type { HostLine } from '../../src/due/host.ts';
import { createReceive } from '../../src/inbound/funnel.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { newId } from '../../src/platform/node/ids.ts';
import { memoryObjects } from '../support/memory-objects.ts';

test('why a mail could not be stored is in the log, as a code', async () => {
  const cause = Object.assign(new Error("ENOSPC: write '/data/objects'"), { code: 'ENOSPC' });
  const log: HostLine[] = [];
  const receive = createReceive({
    room: async () => null,
    judge: async ({ account, addresses }) =>
      addresses.map((address) => ({ kind: 'take' as const, account, address })),
    objects: {
      ...memoryObjects(),
      async put() {
        throw new StoreUnavailable('The object folder cannot be used', { cause });
      },
    },
    host: { now: () => 0, log: (line) => log.push(line) },
    newId,
    wake: () => {},
    maxBytes: 1_000,
  });
  const received = await receive({
    account: 'default',
    source: 'smtp',
    envelopeFrom: 'ann@there.example',
    envelopeTo: ['me@mine.example'],
    peer: null,
    deliveryId: null,
    raw: (async function* () {
      yield Buffer.from('Subject: x\r\n\r\n');
    })(),
  });
  expect(received.kind).toBe('unavailable');
  expect(log).toEqual([{ level: 'error', event: 'mail_not_stored', account: 'default', cause: 'ENOSPC' }]);
});
