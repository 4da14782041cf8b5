import { afterEach, expect, test } from 'vitest';
import type { WorkerProcess } from './support/worker-process.ts';
import { read, send, Workshop } from './support/workshop.ts';

const SENDS = 500;
const AT_ONCE = 20;
/** The runtime is killed when the relay has this many. */
const KILL_AFTER = 120;
/** Most messages that can be between the dot and the record of its reply: what one relay object has at a time. */
const UNDER_WAY = 8;

const workshop = new Workshop();
afterEach(() => workshop.close());

test('workerd killed in the middle of 500 sends loses nothing and sends nothing twice outside the dot window', {
  timeout: 180_000,
}, async () => {
  const server = await workshop.relay();
  const settings = await workshop.settings(`smtp://localhost:${server.port}?tls=none`);
  const before = await workshop.worker(settings);
  const accepted = new Map<string, string>();
  let next = 0;
  const sender = async (worker: WorkerProcess): Promise<void> => {
    while (next < SENDS) {
      const to = `n${next++}@there.example`;
      const id = await send(worker, to);
      if (id === null) return;
      accepted.set(to, id);
    }
  };
  const senders = Array.from({ length: AT_ONCE }, () => sender(before));
  await server.seen('message', KILL_AFTER);
  await before.kill();
  await Promise.all(senders);

  const after = await workshop.worker(settings);
  await Promise.all(Array.from({ length: AT_ONCE }, () => sender(after)));
  const states = await untilDecided(after, [...accepted.values()]);

  const copies = new Map<string, number>();
  for (const { recipients } of server.messages) {
    for (const to of recipients) copies.set(to, (copies.get(to) ?? 0) + 1);
  }
  const unknown = [...accepted].filter(([, id]) => states.get(id) !== 'sent');
  const lost = [...accepted].filter(([to, id]) => !copies.has(to) && states.get(id) === 'sent');
  const twice = [...copies].filter(([, count]) => count > 1);
  console.log(
    `accepted ${accepted.size}, arrived ${copies.size}, unknown ${unknown.length}, twice ${twice.length}`,
  );
  expect(lost).toEqual([]);
  expect(twice).toEqual([]);
  expect(unknown.length).toBeLessThanOrEqual(UNDER_WAY);
  for (const [, id] of unknown) expect(states.get(id)).toBe('delivery_delayed');
});

/** Reads the list until each mail is sent, or waits for its one retry as unknown. */
async function untilDecided(
  worker: WorkerProcess,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  const isDecided = (id: string): boolean => ['sent', 'delivery_delayed'].includes(states.get(id) ?? '');
  while (!ids.every(isDecided)) {
    let after = '';
    for (let more = true; more; ) {
      const page = (await read(worker, `/emails?limit=100${after}`)) as unknown as Page;
      for (const { id, last_event } of page.data) states.set(id, last_event);
      after = `&after=${page.data.at(-1)?.id ?? ''}`;
      more = page.has_more;
    }
  }
  return states;
}

interface Page {
  readonly has_more: boolean;
  readonly data: readonly { readonly id: string; readonly last_event: string }[];
}
