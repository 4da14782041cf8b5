import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Place } from '../support/place.ts';
import type { Running } from '../support/process.ts';

const PRELOAD = join(import.meta.dirname, '../support/preload-crash.ts');
const KEY = 'operator-key-for-crash-tests-01';
const MAIL = 'From: a@b.example\r\nSubject: crash\r\nMessage-ID: <c@b.example>\r\n\r\nHello\r\n';

let place: Place;
let running: Running;
beforeEach(async () => {
  place = await Place.open();
});
afterEach(() => place.close());

/** @param at the statement before which it ends itself */
async function start(at?: string): Promise<void> {
  const settings = { API_KEY: KEY };
  running =
    at === undefined
      ? await place.start(settings)
      : await place.start({ ...settings, TEST_CRASH_AT: at }, 'node', { preload: [PRELOAD] });
}

async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'message/rfc822' };
  const response = await fetch(`${running.url}${path}`, { ...init, headers });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

const post = () =>
  call<{ readonly id: string; readonly duplicate: boolean }>(
    '/inbound/mime?from=a@b.example&to=me@here.example',
    {
      method: 'POST',
      body: MAIL,
    },
  );

interface Listed {
  readonly data: readonly { readonly id: string }[];
}
const listed = () => call<Listed>('/emails/receiving');
const events = () => call<Listed>('/events?type=email.received');

/** Until the log says that a mail has been read. */
async function untilRead(): Promise<string> {
  for (;;) {
    const line = running
      .stderr()
      .split('\n')
      .find((text) => text.includes('"mail_read"'));
    if (line !== undefined) return line;
    await new Promise((resolve) => running.child.stderr?.once('data', resolve));
  }
}

const ended = () =>
  new Promise((resolve) =>
    running.child.exitCode === null && running.child.signalCode === null
      ? running.child.once('exit', resolve)
      : resolve(null),
  );

it('a mail whose bytes are stored and whose row is not was never acknowledged, and is one mail when it comes again', async () => {
  await start('INSERT INTO received (');
  await expect(post()).rejects.toThrow('fetch failed');
  await running.end('SIGKILL');
  await start();
  expect((await listed()).data).toEqual([]);
  const { duplicate } = await post();
  expect(duplicate).toBe(false);
  expect(await untilRead()).toContain('"outcome":"read"');
  expect((await events()).data).toHaveLength(1);
}, 30_000);

it('a mail that was being read when its process was killed, twice, is read in full by the third, and told once', async () => {
  await start('UPDATE received SET parse');
  // It may end before the answer leaves, but not before the row is there.
  const posted = await post().catch(() => null);
  await ended();
  await start('UPDATE received SET parse');
  await ended();
  await start();
  expect(await untilRead()).toContain('"attempt":1,"outcome":"read"');
  const { data } = await listed();
  expect(data).toMatchObject([{ subject: 'crash' }]);
  expect(await call(`/emails/receiving/${data[0]?.id}`)).toMatchObject({ parse: 'full' });
  if (posted !== null) expect(data[0]?.id).toBe(posted.id);
  expect((await events()).data).toHaveLength(1);
  expect((await post()).duplicate).toBe(true);
}, 60_000);
