import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Place } from '../support/place.ts';
import { type Running, runToEnd } from '../support/process.ts';
import { START_LINE } from '../support/start-line.ts';

let place: Place;
beforeEach(async () => {
  place = await Place.open();
});
afterEach(() => place.close());

async function call(one: Running, path: string, body?: unknown, key = one.key ?? ''): Promise<Response> {
  return fetch(`${one.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function caught(count: number): Promise<readonly string[]> {
  const folder = join(place.dataDir, 'caught');
  await expect
    .poll(async () => (await readdir(folder)).filter((name) => name.endsWith('.eml')).length, {
      timeout: 10_000,
    })
    .toBe(count);
  const names = (await readdir(folder)).toSorted();
  return Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')));
}

const MAIL = { from: 'You <you@example.com>', to: 'friend@example.org', subject: 'Hello', text: 'It works.' };

describe('the first mail', () => {
  it('the printed curl line sends when it is pasted, and the mail is kept as an .eml file', async () => {
    const one = await place.start({}, 'npm');
    expect(one.curl).not.toBeNull();
    const { stdout } = await promisify(execFile)('sh', ['-c', one.curl ?? 'false'], { timeout: 10_000 });
    expect(JSON.parse(stdout)).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const [eml] = await caught(1);
    expect(eml).toMatch(/^From: You <you@example\.com>\r\n/);
    expect(eml).toContain('\r\n\r\nThe first mail.');
    const raw = await call(one, `/emails/${JSON.parse(stdout).id}/raw`);
    expect(await raw.text()).toBe(eml);
  });

  it('the key is printed by the first start alone, and stays good for the second', async () => {
    const first = await place.start();
    const key = first.key ?? '';
    expect(key).toMatch(/^mw_default_/);
    expect(await first.end('SIGTERM')).toBe(0);
    const second = await place.start();
    expect(second.key).toBeNull();
    expect((await call(second, '/emails', MAIL, key)).status).toBe(200);
    await caught(1);
  });

  it('with API_KEY set no key is made, and that one opens everything', async () => {
    const apiKey = 'an-operator-key-of-mine-0001';
    const one = await place.start({ API_KEY: apiKey });
    expect(one.key).toBeNull();
    expect((await call(one, '/emails', MAIL, apiKey)).status).toBe(200);
    expect((await call(one, '/emails', MAIL, `${apiKey}x`)).status).toBe(403);
    await caught(1);
  });

  it('GET /health tells a full-access key about relay, queue and storage, and others nothing', async () => {
    const one = await place.start();
    expect(await (await fetch(`${one.url}/health`)).json()).toEqual({ status: 'ok' });
    const health = await (await call(one, '/health')).json();
    expect(health).toMatchObject({ status: 'ok', relays: [{ name: 'caught', state: 'open' }] });
  });

  it('a scheduled mail fires after a restart', async () => {
    const first = await place.start();
    const key = first.key ?? '';
    const at = new Date(Date.now() + 3_500).toISOString();
    expect((await call(first, '/emails', { ...MAIL, scheduled_at: at })).status).toBe(200);
    expect(await first.end('SIGTERM')).toBe(0);
    expect(await readdir(join(place.dataDir, 'caught'))).toEqual([]);
    const second = await place.start();
    const [eml] = await caught(1);
    expect(new Date(/^Date: (.*)$/m.exec(eml ?? '')?.[1] ?? '').getTime()).toBe(
      Math.floor(Date.parse(at) / 1000) * 1000,
    );
    const listed = await (await call(second, '/emails', undefined, key)).json();
    expect(listed).toMatchObject({ data: [{ last_event: 'sent' }] });
  });

  it('what the process keeps can be read by its owner alone', async () => {
    const one = await place.start();
    expect((await stat(join(place.dataDir, 'control.sock'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(place.dataDir, 'accounts'))).mode & 0o777).toBe(0o700);
    expect(one.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('threats §13 r1: neither output nor log holds the key a second time, the body, or a full recipient', async () => {
    const one = await place.start({ API_KEY: 'canary-api-key-0001-canary' });
    const mail = {
      ...MAIL,
      subject: 'canary-subject',
      text: 'canary-body',
      to: 'canary-recipient@example.org',
    };
    expect((await call(one, '/emails', mail, 'canary-api-key-0001-canary')).status).toBe(200);
    await call(one, '/emails', { ...mail, to: 'canary refused' }, 'canary-api-key-0001-canary');
    await call(one, '/emails', mail, 'canary-wrong-key-00000');
    await caught(1);
    expect(await one.end('SIGTERM')).toBe(0);
    expect(one.stderr()).toContain('"event":"attempt"');
    expect(one.stdout() + one.stderr()).not.toContain('canary');
  });
});

describe('a start that cannot be', () => {
  it('wrong settings end it with one message that lists every one of them', async () => {
    const ended = await runToEnd(START_LINE, {
      DATA_DIR: place.dataDir,
      PORT: 'x',
      LOG_LEVEL: 'loud',
      RELAY_URL: 'ftp://x',
    });
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe('');
    for (const name of ['PORT', 'LOG_LEVEL', 'RELAY_URL', 'DOMAINS'])
      expect(ended.stderr).toContain(`  ${name}: `);
  });

  it('a second process in the same data folder is refused, and the first goes on', async () => {
    const one = await place.start();
    const ended = await runToEnd(START_LINE, { DATA_DIR: place.dataDir });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('in use by another process');
    expect((await fetch(`${one.url}/health`)).status).toBe(200);
  });

  it.each(['default', 'shop'])(
    'a database of %s that a newer release wrote is refused in words',
    async (account) => {
      const one = await place.start();
      await runToEnd(['src/platform/node/account.ts', 'create', 'shop'], { DATA_DIR: place.dataDir });
      await one.end('SIGTERM');
      const database = new DatabaseSync(join(place.dataDir, 'accounts', account, 'mailroom.db'));
      database.exec('UPDATE schema_version SET version = version + 1');
      database.close();
      const ended = await runToEnd(START_LINE, { DATA_DIR: place.dataDir });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        new RegExp(
          `^Mailwright cannot start\\. Of the account ${account}: The database has version \\d+, .*\n$`,
        ),
      );
    },
  );

  it('a port that is taken is said in words', async () => {
    const one = await place.start();
    const ended = await runToEnd(START_LINE, {
      DATA_DIR: join(place.dataDir, 'other'),
      PORT: new URL(one.url).port,
    });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('the port is taken');
  });

  it('a folder that cannot be made or used is said in one line', async () => {
    const file = join(place.dataDir, 'file');
    await writeFile(file, '');
    // A socket's path has an end, and the folder's is part of it.
    for (const folder of [file, join(place.dataDir, 'long'.repeat(30))]) {
      const ended = await runToEnd(START_LINE, { DATA_DIR: folder });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(/^Mailwright cannot start\. .*\n$/m);
      expect(ended.stderr).not.toMatch(/^\s+at /m);
    }
  });
});

describe('the tools', () => {
  it('a further account is made while the service runs, and its key opens it and nothing else', async () => {
    const one = await place.start();
    const made = await runToEnd(['src/platform/node/account.ts', 'create', 'shop'], {
      DATA_DIR: place.dataDir,
    });
    expect(made.code).toBe(0);
    const key = made.stdout.trim();
    expect(key).toMatch(/^mw_shop_/);
    expect((await call(one, '/emails', MAIL, key)).status).toBe(200);
    await caught(1);
    expect(await (await call(one, '/emails')).json()).toMatchObject({ data: [] });
    expect(await (await call(one, '/emails', undefined, key)).json()).toMatchObject({
      data: [{ to: [MAIL.to] }],
    });
    const again = await runToEnd(['src/platform/node/account.ts', 'create', 'shop'], {
      DATA_DIR: place.dataDir,
    });
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('already');
  });

  it('an account is made while nothing runs, and is there at the next start', async () => {
    const made = await runToEnd(['src/platform/node/account.ts', 'create', 'shop'], {
      DATA_DIR: place.dataDir,
    });
    expect(made.code).toBe(0);
    const one = await place.start();
    expect((await call(one, '/emails', MAIL, made.stdout.trim())).status).toBe(200);
    const bad = await runToEnd(['src/platform/node/account.ts', 'create', '../x'], {
      DATA_DIR: place.dataDir,
    });
    expect(bad.code).toBe(1);
  });

  it('relays are listed and resumed by name', async () => {
    const tool = 'src/platform/node/relay-control.ts';
    expect((await runToEnd([tool, 'list'], { DATA_DIR: place.dataDir })).stderr).toContain(
      'No process works in',
    );
    await place.start();
    expect((await runToEnd([tool, 'list'], { DATA_DIR: place.dataDir })).stdout).toBe('caught: open\n');
    expect((await runToEnd([tool, 'resume', 'caught'], { DATA_DIR: place.dataDir })).stdout).toBe(
      'caught: open\n',
    );
    expect((await runToEnd([tool, 'resume', 'other'], { DATA_DIR: place.dataDir })).code).toBe(1);
    expect((await runToEnd([tool], { DATA_DIR: place.dataDir })).stderr).toContain('Usage');
  });
});
