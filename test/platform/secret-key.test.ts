import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSecretKey } from '../../src/platform/node/secret-key.ts';
import { deriveKey } from '../../src/secrets/derive.ts';

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mailwright-secret-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

it('without SECRET_KEY one is made, kept for the next start, and readable by its owner alone', async () => {
  const first = openSecretKey({ dataDir, given: undefined });
  const second = openSecretKey({ dataDir, given: undefined });
  expect(second('links')).toEqual(first('links'));
  expect(first('links')).toHaveLength(32);
  expect((await stat(join(dataDir, 'secret-key'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dataDir)).toEqual(['secret-key']);
});

it('every purpose has a key of its own', () => {
  const key = openSecretKey({ dataDir, given: 's'.repeat(32) });
  expect(key('one')).not.toEqual(key('two'));
  expect(key('one')).toEqual(openSecretKey({ dataDir: '/nowhere', given: 's'.repeat(32) })('one'));
});

it('two data folders have two secrets', async () => {
  const other = await mkdtemp(join(tmpdir(), 'mailwright-secret-'));
  const key = openSecretKey({ dataDir: other, given: undefined });
  expect(key('x')).not.toEqual(openSecretKey({ dataDir, given: undefined })('x'));
  await rm(other, { recursive: true });
});

it('a key is the same however it is derived: here, or by WebCrypto as on Workers', async () => {
  const secret = 'a secret of the operator, long enough';
  const key = openSecretKey({ dataDir: '/nowhere', given: secret });
  expect(await deriveKey({ secret, purpose: 'webhook secrets' })).toEqual(key('webhook secrets'));
});
