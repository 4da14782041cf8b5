import { afterEach, expect, test } from 'vitest';
import type { WorkerProcess } from './support/worker-process.ts';
import { read, Workshop } from './support/workshop.ts';

const MAILS = 60;
const AT_ONCE = 6;
/** The runtime is killed when so many have been acknowledged: some are then read, some are not. */
const KILL_AFTER = 25;

const workshop = new Workshop();
afterEach(() => workshop.close());

test('workerd killed while mail comes in and is read loses none that was acknowledged, and tells each once', {
  timeout: 120_000,
}, async () => {
  const settings = {
    ...(await workshop.settings('smtp://localhost:2525?tls=none')),
    RECEIVING_DOMAINS: 'mine.example',
  };
  const worker = await workshop.worker(settings);
  const acknowledged = new Set<string>();
  const killed = Promise.withResolvers<void>();
  let next = 0;
  const sender = async (to: WorkerProcess): Promise<void> => {
    while (next < MAILS) {
      const id = await post(to, next++);
      if (id === null) return;
      acknowledged.add(id);
      if (to === worker && acknowledged.size === KILL_AFTER) killed.resolve(to.kill());
    }
  };
  await Promise.all([killed.promise, ...Array.from({ length: AT_ONCE }, () => sender(worker))]);

  const after = await workshop.worker(settings);
  // Whoever heard no answer comes again with all of it.
  next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, () => sender(after)));
  expect(next).toBe(MAILS);
  let told: readonly unknown[] = [];
  while (told.length < MAILS)
    told = (await read(after, '/events?type=email.received&limit=100'))['data'] as never;
  expect(told).toHaveLength(MAILS);
  const received = await listed(after);
  expect(received.map(({ subject }) => subject).toSorted()).toEqual(
    Array.from({ length: MAILS }, (_, nth) => `n${nth}`).toSorted(),
  );
  expect([...acknowledged].filter((id) => !received.some((one) => one.id === id))).toEqual([]);
  const details = await Promise.all(received.map(({ id }) => read(after, `/emails/receiving/${id}`)));
  expect(new Set(details.map((one) => one['parse']))).toEqual(new Set(['full']));
});

interface Listed {
  readonly id: string;
  readonly subject: string;
}

async function listed(worker: WorkerProcess): Promise<readonly Listed[]> {
  const { data } = (await read(worker, '/emails/receiving?limit=100')) as {
    readonly data: readonly Listed[];
  };
  return data;
}

/** Its id, or null when nobody answered. */
async function post({ url, token }: WorkerProcess, nth: number): Promise<string | null> {
  const mail = `From: ann@there.example\r\nSubject: n${nth}\r\nMessage-ID: <n${nth}@there.example>\r\n\r\nHello\r\n`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'message/rfc822' };
  const path = '/inbound/mime?from=ann@there.example&to=you@mine.example';
  try {
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: mail });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return ((await response.json()) as { readonly id: string }).id;
  } catch (cause) {
    if (cause instanceof TypeError) return null;
    throw cause;
  }
}
