import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockFolder } from '../../src/platform/node/lock.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('a data folder is held by one, and free again when it is released', () => {
  const first = lockFolder(folder);
  expect(first).not.toBeNull();
  expect(lockFolder(folder)).toBeNull();
  first?.release();
  const second = lockFolder(folder);
  expect(second).not.toBeNull();
  second?.release();
});

it('a process that is killed leaves no lock behind', async () => {
  const url = new URL('../../src/platform/node/lock.ts', import.meta.url).href;
  const code = `const { lockFolder } = await import(${JSON.stringify(url)});
    console.log(lockFolder(process.argv[1]) === null ? 'held' : 'ours'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, folder], { timeout: 10_000 });
  const [said] = await once(child.stdout, 'data');
  expect(String(said).trim()).toBe('ours');
  expect(lockFolder(folder)).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
  const after = lockFolder(folder);
  expect(after).not.toBeNull();
  after?.release();
});
