import { describe, expect, it } from 'vitest';
import { readSettings as readSettingsOf, SETTINGS } from '../../src/operator/settings.ts';

const readSettings = (env: Readonly<Record<string, string | undefined>>) =>
  readSettingsOf(env, { hostname: 'machine_1' });

/** One right environment; each row of the tables changes one thing. */
const RIGHT = {
  PORT: '0',
  HOST: '127.0.0.1',
  DATA_DIR: 'data',
  API_KEY: 'k'.repeat(20),
  PUBLIC_URL: 'https://mail.example.com/',
  SECRET_KEY: 's'.repeat(32),
  DOMAINS: 'example.com, b\u00fccher.example',
  RATE_LIMIT: '0',
  RELAY_URL: 'smtp://user:secret-pass@smtp.example.net:587',
  KEY_PREFIX: 're_',
  SIMULATED_DOMAIN: 'Test.Example.com',
  UNKNOWN_RETRY: 'never',
  MAX_AGE_HOURS: '120',
  RETENTION_DAYS: '7',
  EVENT_RETENTION_DAYS: '8',
  EGRESS_ALLOW: '127.0.0.0/8, ::1, hooks.internal',
  RECEIVING_DOMAINS: 'Example.com,b\u00fccher.example',
  RETURN_PATH_DOMAIN: 'Bounces.example.com',
  INBOUND_MAX_BYTES: '1024',
  INBOUND_RETENTION_DAYS: '9',
  FORWARD_TO: 'me@Example.com, \uae40@example.org',
  TRUSTED_AUTHSERV_IDS: 'MX.example.net, mx2.example.net',
  SMTP_PORT: '25',
  SMTP_HOST: '::',
  SMTP_TLS_CERT: '/etc/tls/cert.pem',
  SMTP_TLS_KEY: '/etc/tls/key.pem',
  MAILGUN_SIGNING_KEY: 'key-0000',
  SES_TOPIC_ARNS: 'arn:aws:sns:eu-west-1:123456789012:mail,arn:aws:sns:us-east-1:123456789012:mail.fifo',
  S3_BUCKET: 'my-mail.objects',
  S3_ENDPOINT: 'https://s3.example.net/storage/',
  S3_REGION: 'auto',
  S3_ACCESS_KEY_ID: 'AKIA0000',
  S3_SECRET_ACCESS_KEY: 'secret/with+signs=',
  S3_FORCE_PATH_STYLE: 'false',
  EHLO_NAME: 'mail.example.com',
  LOG_LEVEL: 'debug',
};

describe('settings', () => {
  it('without any, everything has its default', () => {
    const read = readSettings({});
    expect(read).toMatchObject({
      ok: true,
      settings: {
        PORT: 3025,
        HOST: '127.0.0.1',
        DATA_DIR: './data',
        RATE_LIMIT: 100,
        KEY_PREFIX: 'mw_',
        UNKNOWN_RETRY: 'once',
        LOG_LEVEL: 'info',
        maxAgeMs: 48 * 3_600_000,
        retentionMs: 30 * 86_400_000,
        eventRetentionMs: 30 * 86_400_000,
        relays: null,
        receivingDomains: null,
        INBOUND_MAX_BYTES: 41_943_040,
        inboundRetentionMs: null,
        FORWARD_TO: [],
        TRUSTED_AUTHSERV_IDS: [],
        SES_TOPIC_ARNS: [],
        smtp: null,
        s3: null,
      },
    });
    expect(read.ok && read.settings.DOMAINS).toBeUndefined();
    expect(read.ok && read.settings.API_KEY).toBeUndefined();
  });

  it('each is read into the value that it means', () => {
    const read = readSettings(RIGHT);
    expect(read).toMatchObject({
      ok: true,
      settings: {
        PORT: 0,
        PUBLIC_URL: 'https://mail.example.com',
        DOMAINS: ['example.com', 'xn--bcher-kva.example'],
        RATE_LIMIT: 0,
        KEY_PREFIX: 're_',
        SIMULATED_DOMAIN: 'test.example.com',
        maxAgeMs: 120 * 3_600_000,
        retentionMs: 7 * 86_400_000,
        eventRetentionMs: 8 * 86_400_000,
        receivingDomains: ['example.com', 'xn--bcher-kva.example'],
        RETURN_PATH_DOMAIN: 'bounces.example.com',
        INBOUND_MAX_BYTES: 1_024,
        inboundRetentionMs: 9 * 86_400_000,
        FORWARD_TO: ['me@example.com', '\uae40@example.org'],
        TRUSTED_AUTHSERV_IDS: ['mx.example.net', 'mx2.example.net'],
        smtp: { port: 25, host: '::', tls: { cert: '/etc/tls/cert.pem', key: '/etc/tls/key.pem' } },
        MAILGUN_SIGNING_KEY: 'key-0000',
        SES_TOPIC_ARNS: [
          'arn:aws:sns:eu-west-1:123456789012:mail',
          'arn:aws:sns:us-east-1:123456789012:mail.fifo',
        ],
        ehloName: 'mail.example.com',
        relays: [{ endpoints: [{ host: 'smtp.example.net', port: 587, security: 'starttls' }] }],
        s3: {
          bucket: 'my-mail.objects',
          endpoint: 'https://s3.example.net/storage',
          region: 'auto',
          accessKeyId: 'AKIA0000',
          secretAccessKey: 'secret/with+signs=',
          forcePathStyle: false,
        },
      },
    });
  });

  it('a setting that is set to nothing is not set', () => {
    const empty = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '']));
    expect(readSettings(empty)).toEqual(readSettings({}));
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80a'],
    ['PORT', '1e3'],
    ['PORT', ' 80'],
    ['API_KEY', 'k'.repeat(19)],
    ['API_KEY', 'k'.repeat(257)],
    ['API_KEY', `${'k'.repeat(20)} x`],
    ['API_KEY', `${'k'.repeat(20)}\u00fc`],
    ['PUBLIC_URL', 'mail.example.com'],
    ['PUBLIC_URL', 'ftp://mail.example.com'],
    ['PUBLIC_URL', 'https://mail.example.com/?x=1'],
    ['PUBLIC_URL', 'https://user@mail.example.com'],
    ['SECRET_KEY', 's'.repeat(31)],
    ['DOMAINS', 'example'],
    ['DOMAINS', 'example.com,,example.org'],
    ['DOMAINS', '*.example.com'],
    ['RATE_LIMIT', '-1'],
    ['RATE_LIMIT', '1.5'],
    ['RELAY_URL', 'http://smtp.example.net'],
    ['RELAY_URL', 'smtp.example.net:587'],
    ['KEY_PREFIX', 'mw'],
    ['KEY_PREFIX', 'MW_'],
    ['KEY_PREFIX', '_'],
    ['SIMULATED_DOMAIN', 'x@example.com'],
    ['UNKNOWN_RETRY', 'twice'],
    ['MAX_AGE_HOURS', '0'],
    ['MAX_AGE_HOURS', '121'],
    ['RETENTION_DAYS', '0'],
    ['RETENTION_DAYS', '99999999'],
    ['EVENT_RETENTION_DAYS', 'for ever'],
    ['EGRESS_ALLOW', 'http://127.0.0.1'],
    ['EGRESS_ALLOW', '*.internal'],
    ['RECEIVING_DOMAINS', 'example'],
    ['RECEIVING_DOMAINS', 'a@example.com'],
    ['RETURN_PATH_DOMAIN', 'a.example,b.example'],
    ['INBOUND_MAX_BYTES', '0'],
    ['INBOUND_MAX_BYTES', '40 MiB'],
    ['INBOUND_RETENTION_DAYS', '0'],
    ['FORWARD_TO', 'Me <me@example.com>'],
    ['FORWARD_TO', 'me@example.com;you@example.com'],
    ['TRUSTED_AUTHSERV_IDS', 'mx.example.net mx2.example.net'],
    ['SMTP_PORT', '70000'],
    ['MAILGUN_SIGNING_KEY', 'a b'],
    ['SES_TOPIC_ARNS', 'arn:aws:sqs:eu-west-1:123456789012:mail'],
    ['SES_TOPIC_ARNS', 'arn:aws:sns:eu-west-1:123456789012:*'],
    ['S3_BUCKET', 'Mail'],
    ['S3_BUCKET', 'mail/../other'],
    ['S3_ENDPOINT', 's3.example.net'],
    ['S3_ENDPOINT', 'https://user:pass@s3.example.net'],
    ['S3_REGION', 'EU West'],
    ['S3_ACCESS_KEY_ID', 'a b'],
    ['S3_SECRET_ACCESS_KEY', 'a\nb'],
    ['S3_FORCE_PATH_STYLE', 'yes'],
    ['EHLO_NAME', 'x\r\nMAIL FROM:<a@b.example>'],
    ['EHLO_NAME', '-x.example.com'],
    ['LOG_LEVEL', 'loud'],
  ])('%s = %j is refused by name, with what is expected', (name, value) => {
    const read = readSettings({ ...RIGHT, [name]: value });
    expect(read.ok).toBe(false);
    expect(read.ok ? [] : read.problems).toHaveLength(1);
    expect(read.ok ? '' : read.problems[0]).toMatch(new RegExp(`^${name}: .{5,}`));
  });

  it('every wrong setting is named, in one answer', () => {
    const read = readSettings({ ...RIGHT, PORT: 'x', LOG_LEVEL: 'x', RELAY_URL: 'x', MAX_AGE_HOURS: 'x' });
    expect(read.ok ? [] : read.problems.map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'MAX_AGE_HOURS',
      'LOG_LEVEL',
      'RELAY_URL',
    ]);
  });

  it('a bucket with an endpoint is named in the path, one at Amazon in the host name', () => {
    const keys = { S3_BUCKET: 'mail', S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' };
    const s3 = (more: object): unknown => {
      const read = readSettings({ ...keys, ...more });
      return read.ok && read.settings.s3;
    };
    expect(s3({})).toMatchObject({ endpoint: null, region: 'us-east-1', forcePathStyle: false });
    expect(s3({ S3_ENDPOINT: 'http://localhost:9000' })).toMatchObject({ forcePathStyle: true });
  });

  it.each([
    [{ S3_BUCKET: 'mail' }, ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']],
    [{ S3_ENDPOINT: 'http://localhost:9000' }, ['S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']],
    [{ S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' }, ['S3_BUCKET']],
  ])('half a bucket is refused, and not a folder in its place: %j', (env, missing) => {
    const read = readSettings(env);
    expect(read.ok ? [] : read.problems.map((line) => line.split(':')[0])).toEqual(missing);
  });

  it.each([
    [{ SMTP_TLS_CERT: 'cert.pem' }, ['SMTP_TLS_KEY']],
    [{ SMTP_TLS_KEY: 'key.pem' }, ['SMTP_TLS_CERT']],
  ])('a certificate without its key, or a key alone, is refused: %j', (env, missing) => {
    const read = readSettings(env);
    expect(read.ok ? [] : read.problems.map((line) => line.split(':')[0])).toEqual(missing);
  });

  it('mail is received for any domain without a relay, and with one for those that are named', () => {
    const relay = { RELAY_URL: RIGHT.RELAY_URL, DOMAINS: RIGHT.DOMAINS };
    const domains = (env: object): unknown => {
      const read = readSettings({ ...env });
      return read.ok ? read.settings.receivingDomains : read.problems;
    };
    expect(domains({})).toBeNull();
    expect(domains({ RECEIVING_DOMAINS: 'a.example' })).toEqual(['a.example']);
    expect(domains(relay)).toEqual([]);
    expect(domains({ ...relay, RECEIVING_DOMAINS: 'a.example' })).toEqual(['a.example']);
  });

  it('a listener that would take no mail at all is refused', () => {
    const env = { RELAY_URL: RIGHT.RELAY_URL, DOMAINS: RIGHT.DOMAINS, SMTP_PORT: '25' };
    const read = readSettings(env);
    expect(read.ok ? [] : read.problems).toEqual([expect.stringMatching(/^RECEIVING_DOMAINS: /)]);
    expect(readSettings({ ...env, RETURN_PATH_DOMAIN: 'b.example' }).ok).toBe(true);
  });

  it('a listener that takes mail for any domain is on loopback unless an address is named', () => {
    const host = (env: object): unknown => {
      const read = readSettings({ SMTP_PORT: '25', ...env });
      return read.ok && read.settings.smtp?.host;
    };
    expect(host({})).toBe('127.0.0.1');
    expect(host({ SMTP_HOST: '192.0.2.1' })).toBe('192.0.2.1');
    expect(host({ RECEIVING_DOMAINS: 'a.example' })).toBeNull();
    expect(host({ RECEIVING_DOMAINS: 'a.example', SMTP_HOST: '192.0.2.1' })).toBe('192.0.2.1');
  });

  it('a relay without sender domains is refused: it would be open to any sender', () => {
    const read = readSettings({ RELAY_URL: RIGHT.RELAY_URL });
    expect(read.ok ? [] : read.problems).toEqual([expect.stringMatching(/^DOMAINS: /)]);
  });

  it('threats §13 r1: no value of a wrong setting is repeated, since it may be a secret in the wrong place', () => {
    const secret = 'canary-7c1f\u00fc';
    for (const name of Object.keys(SETTINGS)) {
      for (const value of [secret, `smtp://user:${secret}@host:port`, `http://${secret}@x/`]) {
        const read = readSettings({ ...RIGHT, [name]: value });
        expect(read.ok ? '' : read.problems.join('\n')).not.toContain('canary');
      }
    }
  });
});

it.each([
  ['mail-1.example.net', 'mail-1.example.net'],
  ['under_score', 'localhost'],
  ['', 'localhost'],
])('a machine called %j greets relays as %s', (hostname, ehloName) => {
  expect(readSettingsOf({}, { hostname })).toMatchObject({ ok: true, settings: { ehloName } });
});
