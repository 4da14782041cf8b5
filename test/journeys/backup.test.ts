import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Place } from '../support/place.ts';
import type { Running } from '../support/process.ts';

const KEY = 'operator-key-of-the-backup-journey';
const PAGE = join(import.meta.dirname, '../../docs/operating.md');
const hasSqlite = spawnSync('sqlite3', ['--version']).status === 0;

let place: Place;
beforeEach(async () => {
  place = await Place.open();
});
afterEach(() => place.close());

async function call<T>(one: Running, path: string, body?: object): Promise<T> {
  const response = await fetch(one.url + path, {
    headers: { authorization: `Bearer ${KEY}` },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  expect(response.status, path).toBeLessThan(300);
  return (await response.json()) as T;
}

/** What the page tells to run, run as it stands there. */
async function backup(from: string, to: string): Promise<void> {
  const script = /```sh backup\n([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8'))?.[1] ?? 'exit 1';
  const file = join(place.dataDir, 'backup');
  await writeFile(file, script);
  await promisify(execFile)('sh', [file, from, to], { timeout: 20_000 });
}

describe.skipIf(!hasSqlite)('the backup of docs/operating.md', () => {
  it('is taken while the process works, and brings back mail, files and secrets; what is too old is not sent', async () => {
    const [live, copy] = [join(place.dataDir, 'live'), join(place.dataDir, 'copy')];
    const settings = { DATA_DIR: live, API_KEY: KEY };
    const one = await place.start(settings);
    const { id: hook } = await call<{ readonly id: string }>(one, '/webhooks', {
      endpoint: 'https://hooks.example/mail',
      events: ['email.bounced'],
    });
    const secret = (await call<{ readonly signing_secret: string }>(one, `/webhooks/${hook}`)).signing_secret;
    const { id } = await call<{ readonly id: string }>(one, '/emails', {
      from: 'me@mine.example',
      to: 'ada@people.example',
      subject: 'Kept',
      text: 'Kept.',
      scheduled_at: 'in 1 hour',
      attachments: [{ filename: 'a.txt', content: 'aGVsbG8=' }],
    });
    await backup(live, copy);
    await one.end('SIGKILL');
    await rm(live, { recursive: true });
    await mkdir(live);
    await cp(copy, live, { recursive: true });

    const two = await place.start(settings);
    expect(await call(two, `/emails/${id}`)).toMatchObject({ subject: 'Kept', last_event: 'scheduled' });
    const { data: files } = await call<{ readonly data: readonly { readonly download_url: string }[] }>(
      two,
      `/emails/${id}/attachments`,
    );
    expect(await (await fetch(files[0]?.download_url ?? '')).text()).toBe('hello');
    expect(await call(two, `/webhooks/${hook}`)).toMatchObject({ signing_secret: secret });
    await two.end('SIGTERM');

    const room = join(live, 'accounts/default/mailroom.db');
    const hours = 3 * 3_600_000;
    const aged = `UPDATE recipients SET first_due_at = first_due_at - ${hours}, due_at = due_at - ${hours}`;
    await promisify(execFile)('sqlite3', [room, aged]);
    const three = await place.start({ ...settings, MAX_AGE_HOURS: '1' });
    await expect
      .poll(async () => (await call<{ readonly last_event: string }>(three, `/emails/${id}`)).last_event, {
        timeout: 10_000,
      })
      .toBe('bounced');
    expect(await readdir(join(live, 'caught'))).toEqual([]);
  }, 60_000);
});
