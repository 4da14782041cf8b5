import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { made, read, send, Workshop } from './support/workshop.ts';

const ROOT = join(import.meta.dirname, '../..');
const TIME = { timeout: 120_000 };

const workshop = new Workshop();
afterEach(() => workshop.close());

test('without a RELAY_URL it keeps mail as .eml, and prints a key that stays good', TIME, async () => {
  const { RELAY_URL: _relay, DOMAINS: _domains, ...settings } = await workshop.settings('');
  const worker = await workshop.worker(settings);
  const id = await send(worker, 'ann@there.example');
  const caught = join(settings['DATA_DIR'] ?? '', 'caught');
  let files: readonly string[] = [];
  while (files.length === 0) files = (await readdir(caught)).filter((file) => file.endsWith('.eml'));
  expect(await readFile(join(caught, files[0] ?? ''), 'utf8')).toContain('To: ann@there.example');
  expect(await worker.stop()).toBe(0);

  const again = await workshop.worker(settings);
  expect(again.token).toBe(worker.token);
  expect(await read(again, `/emails/${id}`)).toMatchObject({ id, to: ['ann@there.example'] });
});

test(
  'without a RELAY_URL a mail comes back through the Worker’s own email(), and a route that rejects makes it bounce',
  TIME,
  async () => {
    const { RELAY_URL: _relay, DOMAINS: _domains, ...settings } = await workshop.settings('');
    const worker = await workshop.worker({ ...settings, RECEIVING_DOMAINS: 'there.example' });
    await made(worker, '/routes', {
      match: { recipient: 'no@there.example' },
      actions: [{ type: 'reject', message: 'Nobody of that name' }],
    });
    await send(worker, 'ann+a&b@there.example', { cc: 'bob@there.example', subject: 'Round and round' });
    let received: readonly unknown[] = [];
    while (received.length < 2)
      received = (await read(worker, '/emails/receiving'))['data'] as readonly unknown[];
    expect(received).toHaveLength(2);
    for (const to of ['ann+a&b@there.example', 'bob@there.example']) {
      expect(received).toContainEqual(
        expect.objectContaining({ subject: 'Round and round', received_for: [to] }),
      );
    }
    const rejected = await send(worker, 'no@there.example');
    const foreign = await send(worker, 'caught@elsewhere.example');
    const states = async (id: string | null) => (await read(worker, `/emails/${id}`))['last_event'];
    while ((await states(rejected)) === 'queued' || (await states(foreign)) === 'queued');
    expect([await states(rejected), await states(foreign)]).toEqual(['bounced', 'sent']);
    expect((await read(worker, '/emails/receiving'))['data']).toHaveLength(2);
  },
);

test(
  'a mail that is posted to the local email handler is received; one for a foreign domain is refused',
  TIME,
  async () => {
    const settings = await workshop.settings('smtp://localhost:2525?tls=none');
    const worker = await workshop.worker({ ...settings, RECEIVING_DOMAINS: 'here.example' });
    const mail =
      'From: ann@there.example\r\nSubject: posted\r\nMessage-ID: <p@there.example>\r\n\r\nHello\r\n';
    const post = (to: string) =>
      fetch(`${worker.url}/cdn-cgi/handler/email?from=ann@there.example&to=${to}`, {
        method: 'POST',
        body: mail,
      });
    expect((await post('you@here.example')).status).toBe(200);
    const foreign = await post('you@elsewhere.example');
    expect([foreign.status, await foreign.text()]).toEqual([
      400,
      expect.stringContaining('No mail is received'),
    ]);
    const listed = await read(worker, '/emails/receiving');
    expect(listed['data']).toMatchObject([{ subject: 'posted', received_for: ['you@here.example'] }]);
  },
);

test('settings are honoured: the key, the domains, the rate', TIME, async () => {
  const server = await workshop.relay();
  const settings = await workshop.settings(`smtp://localhost:${server.port}?tls=none`);
  const key = 'an-api-key-with-a-$-and-a-#-in-it';
  const worker = await workshop.worker({ ...settings, API_KEY: key, RATE_LIMIT: '7' });
  expect(worker.token).toBe(key);
  const answer = await fetch(`${worker.url}/emails`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ from: 'me@elsewhere.example', to: 'ann@there.example', subject: 'x', text: 'x' }),
  });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('ratelimit-limit')).toBe('7');
});

test('a mail scheduled before a restart is sent after it, though nobody asks', TIME, async () => {
  const server = await workshop.relay();
  const settings = await workshop.settings(`smtp://localhost:${server.port}?tls=none`);
  const before = await workshop.worker(settings);
  const soon = new Date(Date.now() + 4_000).toISOString();
  await send(before, 'later@there.example', { scheduled_at: soon });
  await before.kill();
  await workshop.worker(settings);
  await server.seen('message', 1);
  expect(server.messages[0]?.recipients).toEqual(['later@there.example']);
});

test('wrong settings end the start with one message that lists them all', TIME, async () => {
  const settings = await workshop.settings('smtp://user:hunter2@smtp.there.example:25');
  const child = spawn(process.execPath, ['src/platform/dev/start.ts'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...settings, RATE_LIMIT: 'fast', RELAY_SHARDS: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 60_000,
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(1);
  for (const name of ['RATE_LIMIT', 'RELAY_SHARDS', 'RELAY_URL']) expect(text).toContain(`${name}: `);
  expect(text).not.toContain('hunter2');
});
