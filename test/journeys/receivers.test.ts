import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mintSecret, sign } from '../../src/secrets/signature.ts';
import { freePort } from '../support/free-port.ts';

const ROOT = join(import.meta.dirname, '../..');
const SECRET = mintSecret((length) => new Uint8Array(length).fill(9));
/** A child that hangs must not hang the suite. */
const CHILD_LIFETIME_MS = 20_000;

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-receiver-'));
  // What a reader of the README would have installed.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'dir');
});
afterEach(() => rm(folder, { recursive: true }));

/** A program of the README, written to a file. */
async function fromReadme(name: string, change: (code: string) => string = (code) => code): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const code = new RegExp(`\`\`\`js ${name}\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (code === undefined) throw new Error(`The README has no ${name}`);
  const path = join(folder, 'receiver.mjs');
  await writeFile(path, change(code));
  return path;
}

interface Call {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function call(type: string): Promise<Call> {
  const body = JSON.stringify({ type, data: { recipient: 'ada@example.net', subject: '안녕' } });
  const bytes = new TextEncoder().encode(body);
  const timestamp = Math.floor(Date.now() / 1000);
  return { body, headers: await sign({ id: 'msg_1', timestamp, body: bytes, secrets: [SECRET] }) };
}

/** Takes what is ours, refuses what is not, and says what it was told. */
async function judge(post: (call: Call) => Promise<number>): Promise<void> {
  const genuine = await call('email.delivered');
  expect(await post(genuine)).toBe(204);
  expect(await post({ ...genuine, body: genuine.body.replace('delivered', 'bounced') })).toBe(401);
  expect(await post({ ...genuine, headers: {} })).toBe(401);
  expect(await post({ ...genuine, headers: { ...genuine.headers, 'webhook-id': 'msg_2' } })).toBe(401);
}

describe('the receivers of the README', () => {
  test('for Node, in ten lines: verifies, answers 204 or 401, and stays up', async () => {
    const port = await freePort();
    const path = await fromReadme('receiver for node', (code) => code.replace('3026', String(port)));
    expect((await readFile(path, 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(10);
    const child = spawn(process.execPath, [path], {
      env: { PATH: process.env['PATH'], SIGNING_SECRET: SECRET },
      timeout: CHILD_LIFETIME_MS,
    });
    try {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      const url = `http://127.0.0.1:${port}/`;
      await expect
        .poll(async () => (await fetch(url).catch(() => null))?.status, { timeout: 10_000 })
        .toBe(401);
      await judge(async ({ headers, body }) => (await fetch(url, { method: 'POST', headers, body })).status);
      await expect.poll(() => said).toBe('email.delivered ada@example.net\n');
    } finally {
      child.kill();
      await once(child, 'close');
    }
  });

  test('for Workers: the same, as a module with fetch', async () => {
    const { default: worker } = await import(await fromReadme('receiver for workers'));
    await judge(async ({ headers, body }) => {
      const request = new Request('https://receiver.example/', { method: 'POST', headers, body });
      return (await worker.fetch(request, { SIGNING_SECRET: SECRET })).status;
    });
  });
});
