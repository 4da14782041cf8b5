import { describe, expect, test } from 'vitest';
import { readWorkerSettings } from '../../src/platform/workers/settings.ts';

const GOOD = {
  PUBLIC_URL: 'https://mail.mine.example/',
  SECRET_KEY: 's'.repeat(32),
  API_KEY: 'operator-key-of-mine-0001',
  DOMAINS: 'mine.example',
  RELAY_URL: 'smtps://user:hunter2secret@smtp.there.example:465',
};

test('good settings are read, with what is not said by default', () => {
  const read = readWorkerSettings(GOOD);
  expect(read).toMatchObject({
    ok: true,
    settings: {
      PUBLIC_URL: 'https://mail.mine.example',
      relayShards: 1,
      accounts: [],
      RATE_LIMIT: 100,
      ehloName: 'mail.mine.example',
      relays: [{ endpoints: [{ host: 'smtp.there.example', port: 465, security: 'implicit' }] }],
    },
  });
});

test('what only a process of our own can have is not read', () => {
  const read = readWorkerSettings({ ...GOOD, SMTP_PORT: 'x', SMTP_TLS_CERT: 'cert.pem', DATA_DIR: '/' });
  expect(read).toMatchObject({ ok: true, settings: { receivingDomains: [] } });
  expect(read.ok && 'smtp' in read.settings).toBe(false);
});

describe('wrong settings are refused, named, and not shown', () => {
  const rows = [
    ['PUBLIC_URL', { PUBLIC_URL: undefined }],
    ['SECRET_KEY', { SECRET_KEY: undefined }],
    ['SECRET_KEY', { SECRET_KEY: 'too short a secret' }],
    ['API_KEY', { API_KEY: 'hunter2 short' }],
    ['DOMAINS', { DOMAINS: undefined }],
    ['RELAY_URL', { RELAY_URL: undefined }],
    ['RELAY_URL', { RELAY_URL: 'smtp://user:hunter2secret@smtp.there.example:25' }],
    ['RELAY_URL', { RELAY_URL: 'smtp://user:hunter2secret@smtp.there.example?ports=587,25' }],
    ['RELAY_URL', { RELAY_URL: 'smtps://user:hunter2secret@192.0.2.1:465' }],
    ['RELAY_URL', { RELAY_URL: 'smtps://user:hunter2secret@[2001:db8::1]:465' }],
    ['RELAY_SHARDS', { RELAY_SHARDS: '0' }],
    ['RELAY_SHARDS', { RELAY_SHARDS: 'many' }],
    ['ACCOUNTS', { ACCOUNTS: 'Acme Inc.' }],
    ['ACCOUNTS', { ACCOUNTS: 'acme' }],
    ['ACCOUNTS', { ACCOUNTS: `acme:${'a'.repeat(12)}:${'0'.repeat(63)}` }],
  ] as const;
  test.each(rows)('%s: %j', (name, change) => {
    const read = readWorkerSettings({ ...GOOD, ...change });
    if (read.ok) throw new Error('it was taken');
    expect(read.problems.join('\n')).toContain(`${name}: `);
    expect(read.problems.join('\n')).not.toMatch(/hunter2|too short a secret/);
  });

  test('all at once', () => {
    const read = readWorkerSettings({ RATE_LIMIT: '-1', RELAY_SHARDS: '0' });
    if (read.ok) throw new Error('it was taken');
    for (const name of ['RATE_LIMIT', 'RELAY_SHARDS', 'PUBLIC_URL', 'SECRET_KEY', 'RELAY_URL']) {
      expect(read.problems.some((problem) => problem.startsWith(`${name}: `))).toBe(true);
    }
  });
});
