import { mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { domainId } from '../../src/operator/domain-id.ts';
import type { Accounts } from '../../src/platform/node/accounts.ts';
import { openAccounts } from '../../src/platform/node/accounts.ts';
import { knownDomains } from '../../src/platform/node/domains.ts';
import { sha256 } from '../../src/platform/node/hasher.ts';
import { hasNoKey, makeFirstKey, operatorKey } from '../../src/platform/node/keys.ts';
import type { StorageLost } from '../../src/platform/node/sqlite.ts';

const CONFIG = {
  relays: ['main'],
  clearRelays: [],
  domains: null,
  rateLimit: 0,
  unknownPolicy: 'once',
  maxAgeMs: 1,
  retentionMs: 1,
  eventRetentionMs: 1,
  inboundRetentionMs: null,
} as const;

let dataDir = '';
let accounts: Accounts;
let lost: StorageLost[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'mailwright-accounts-'));
  lost = [];
  accounts = openAccounts({ dataDir, config: CONFIG, lost: (cause) => lost.push(cause) });
});
afterEach(async () => {
  accounts.close();
  await rm(dataDir, { recursive: true });
});

it('an account is a folder with its own database, and is found again', async () => {
  expect(accounts.create('shop')).toBe(true);
  expect(accounts.create('shop')).toBe(false);
  expect(accounts.names()).toEqual(['shop']);
  expect((await stat(join(dataDir, 'accounts', 'shop', 'mailroom.db'))).isFile()).toBe(true);
  accounts.close();
  expect(await accounts.room('shop')).not.toBeNull();
});

it.runIf(process.platform === 'linux')(
  'a database of a newer release is refused by the name of its account, and is not left open, however often it is asked for',
  async () => {
    accounts.create('shop');
    accounts.close();
    const path = join(dataDir, 'accounts', 'shop', 'mailroom.db');
    const database = new DatabaseSync(path);
    database.exec('UPDATE schema_version SET version = version + 1');
    database.close();
    for (let n = 0; n < 5; n++) await expect(accounts.room('shop')).rejects.toThrow('Of the account shop: ');
    const open = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    expect(open.filter((target) => target.startsWith(path))).toEqual([]);
  },
);

it('the same account is one room, however often it is asked for', async () => {
  accounts.create('shop');
  expect(await accounts.room('shop')).toBe(await accounts.room('shop'));
});

it.each(['../shop', 'Shop', '', 'a/b', '.', '..', 'x'.repeat(33), 'shop\0', 'constructor', '__proto__'])(
  'threats §9 r2: the name %j of a made-up key leads nowhere',
  async (name) => {
    accounts.create('shop');
    expect(await accounts.room(name)).toBeNull();
  },
);

it('threats §9 r2: a database beside the accounts is not reached through a name', async () => {
  await mkdir(join(dataDir, 'evil'));
  await writeFile(join(dataDir, 'evil', 'mailroom.db'), '');
  expect(await accounts.room('../evil')).toBeNull();
});

it('the first key opens its account and no other', async () => {
  accounts.create('one');
  accounts.create('two');
  const [one, two] = [await accounts.room('one'), await accounts.room('two')];
  if (one === null || two === null) throw new Error('not made');
  expect(await hasNoKey(one)).toBe(true);
  const token = await makeFirstKey({ room: one, account: 'one', prefix: 'mw_', now: 1 });
  expect(token).toMatch(/^mw_one_[0-9A-Za-z]{42}$/);
  expect(await hasNoKey(one)).toBe(false);
  expect(await hasNoKey(two)).toBe(true);
});

it("the operator's key is compared whole", async () => {
  const comparing = new Uint8Array(32);
  const matches = operatorKey('k'.repeat(30), comparing);
  expect(await matches('k'.repeat(30))).toBe(true);
  for (const wrong of ['', 'k', 'k'.repeat(29), 'k'.repeat(31), `${'k'.repeat(29)}x`]) {
    expect(await matches(wrong)).toBe(false);
  }
  expect(await operatorKey(undefined, comparing)('')).toBe(false);
});

it('a domain keeps its id and the moment since which it is known', () => {
  const first = knownDomains({ dataDir, names: ['a.example', 'b.example'], now: 1 });
  const later = knownDomains({ dataDir, names: ['b.example', 'c.example'], now: 2 });
  expect(later).toEqual([
    { id: first[1]?.id, name: 'b.example', createdAt: 1 },
    { id: domainId('c.example', sha256), name: 'c.example', createdAt: 2 },
  ]);
  expect(lost).toEqual([]);
});
