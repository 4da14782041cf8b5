import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { admit } from '../../src/net/policy.ts';
import { PUBLIC, policyOf, targetOf, verdict } from './judged.ts';

test.each([
  ['https://example.com', 'https://example.com/', 'example.com', 443],
  ['HTTPS://EXAMPLE.com:443/a?b#c', 'https://example.com/a?b', 'example.com', 443],
  ['https://example.com./hook', 'https://example.com/hook', 'example.com', 443],
  ['https://example.com:8443/', 'https://example.com:8443/', 'example.com', 8443],
  ['https://example.com:1024/', 'https://example.com:1024/', 'example.com', 1024],
  ['https://example.com:65535/', 'https://example.com:65535/', 'example.com', 65_535],
  ['https://b\u00fccher.example/', 'https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443],
  ['https://9a9.b_9-9.9.com/', 'https://9a9.b_9-9.9.com/', '9a9.b_9-9.9.com', 443],
  ['https://a_b.example.com/', 'https://a_b.example.com/', 'a_b.example.com', 443],
  ['https://localhost.example.com/', 'https://localhost.example.com/', 'localhost.example.com', 443],
  ['https://notlocal.net/', 'https://notlocal.net/', 'notlocal.net', 443],
  ['https://8.8.8.8/', 'https://8.8.8.8/', '8.8.8.8', 443],
  ['https://[::ffff:8.8.8.8]/', 'https://8.8.8.8/', '8.8.8.8', 443],
  ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/', '2606:4700:0:0:0:0:0:1111', 443],
  ['https://example.com/@127.0.0.1/', 'https://example.com/@127.0.0.1/', 'example.com', 443],
  ['https://example.com?@127.0.0.1/', 'https://example.com/?@127.0.0.1/', 'example.com', 443],
])('%s may be tried, and is dialled as %s', (given, url, host, port) => {
  expect(targetOf(given)).toMatchObject({ url, host, port, secure: true, admits: 'global' });
});

test.each([
  [`${'a'.repeat(63)}.example`, 'allowed'],
  [`${'a'.repeat(64)}.example`, 'host'],
  [`www.${'a'.repeat(63)}.example`, 'allowed'],
  [`www.${'a'.repeat(64)}.example`, 'host'],
  [`${'a.'.repeat(126)}a`, 'allowed'],
  [`${'a.'.repeat(125)}aa.a`, 'host'],
  ['a_.example_', 'allowed'],
  ['-a.example', 'host'],
  ['a-.example', 'host'],
])('a host has the length and the characters that names have: %s', (host, expected) => {
  expect(verdict(`https://${host}/`)).toBe(expected);
});

describe('threats §5 r1: every spelling of a private IPv4 address is refused', () => {
  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '\u2460\u2461\u2466.\u24ea.\u24ea.\u2460',
    '127\u30020\u30020\u30021',
    '127.0.0.1.',
    '0x7f.1',
    '%31%32%37.0.0.1',
    '\uff11\uff12\uff17.0.0.1',
    '3232235777',
    '10.1',
  ])('%s', (host) => {
    expect(verdict(`https://${host}/`)).toBe('address');
  });
});

describe('threats §5 r2: every spelling of a private IPv6 address is refused', () => {
  test.each([
    '[::]',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::FFFF:A9FE:A9FE]',
    '[::ffff:a9fe:a9fe]',
    '[::ffff:0:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fd00::1]',
    '[fe80::1]',
    '[fec0::1]',
    '[ff02::1]',
    '[::127.0.0.1]',
    '[2001:0:7f00:1::]',
  ])('%s', (host) => {
    expect(verdict(`https://${host}/`)).toBe('address');
  });

  test('a zone is no part of a URL', () => {
    expect(verdict('https://[fe80::1%25eth0]/')).toBe('spelling');
  });
});

describe('threats §5 r3: names that lead inside are refused before anybody is asked', () => {
  test.each([
    'localhost',
    'LOCALHOST.',
    'foo.localhost',
    'foo.localhost.',
    'db.internal',
    'printer.local',
    'metadata.google.internal',
    'metadata.google.internal.',
    'METADATA.GOOG',
    'instance-data',
    'metadata',
    'intranet',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
    'router.lan',
    'nas.home.arpa',
    'localhost.localdomain',
    'wiki.intranet',
    'db.private',
    'dc1.corp',
    'printer.home',
    'redis.service.consul',
    'example.onion',
    'internal',
    'home.arpa',
    'host.docker.internal',
    '\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3',
    'com',
  ])('%s', (host) => {
    expect(verdict(`https://${host}/`)).toBe('host');
  });

  test.each([
    'a..',
    'a.b..',
    '.example.com',
    'exa mple.com',
    'a..b.com',
    `${'a'.repeat(64)}.com`,
    '-',
    'a,b.com',
    '*.com',
    'a!b.com',
  ])('"%s" is no host at all', (host) => {
    expect(verdict(`https://${host}/`)).toMatch(/^(?:host|spelling)$/);
  });

  test.each(['127.0.0.1.nip.io', 'rebind.example.com'])('%s is refused when it leads inside', (host) => {
    const target = targetOf(`https://${host}/`);
    expect(admit(target, { addresses: ['127.0.0.1'], policy: PUBLIC })).toBeNull();
  });
});

describe('threats §5 r4: addresses of private networks, metadata services and groups are refused', () => {
  test.each([
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '192.0.0.192',
    '100.64.0.1',
    '198.18.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '192.0.2.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
  ])('%s', (host) => {
    expect(verdict(`https://${host}/`)).toBe('address');
    const target = targetOf('https://example.com/');
    for (const address of [host, `::ffff:${host}`, `64:ff9b::${host}`]) {
      expect(admit(target, { addresses: [address], policy: PUBLIC }), address).toBeNull();
    }
  });
});

describe('threats §5 r5: a URL that two readers read differently is refused', () => {
  test.each([
    ['http://example.com@127.0.0.1/', 'credentials'],
    ['https://example.com@127.0.0.1/', 'credentials'],
    ['https://user:pass@example.com/', 'credentials'],
    ['https://user@example.com/', 'credentials'],
    ['https://:pass@example.com/', 'credentials'],
    ['http:/\\127.0.0.1', 'spelling'],
    ['https:/\\127.0.0.1', 'spelling'],
    ['https:\\\\example.com', 'spelling'],
    ['https:example.com', 'spelling'],
    ['https:/example.com', 'spelling'],
    ['https:///example.com', 'spelling'],
    ['https://example.com\\@127.0.0.1/', 'spelling'],
    ['https://127.0.0.1\\.example.com/', 'spelling'],
    ['https://exam\tple.com/', 'spelling'],
    ['https://exam\nple.com/', 'spelling'],
    ['https://example.com/a b', 'spelling'],
    ['https://example.com/\u0000', 'spelling'],
    ['https://example.com/\u007f', 'spelling'],
    ['https://example.com/\u00a0', 'spelling'],
    ['https://example.com/ ', 'spelling'],
    ['https://', 'spelling'],
    ['https://?', 'spelling'],
    ['https://example.com:70000/', 'spelling'],
    ['https://example.com:x/', 'spelling'],
    ['https://[::1/', 'spelling'],
    ['https://%', 'spelling'],
  ])('%j: %s', (url, rule) => {
    expect(verdict(url)).toBe(rule);
  });

  test('a URL has a longest length', () => {
    const longest = `https://example.com/${'a'.repeat(8_192 - 20)}`;
    expect(verdict(longest)).toBe('allowed');
    expect(verdict(`${longest}a`)).toBe('length');
  });
});

describe('threats §5 r6: https only', () => {
  test.each([
    'http://example.com/',
    'http://8.8.8.8/',
    'HTTP://example.com/',
    'file:///etc/passwd',
    'file://example.com/x',
    'gopher://example.com/',
    'ftp://example.com/',
    'data:text/plain,x',
    'ws://example.com/',
    'wss://example.com/',
    'javascript:alert(1)',
    'blob:https://example.com/x',
    'view-source:https://example.com/',
    '//example.com/',
    'example.com',
    '/etc/passwd',
    '',
    ' https://example.com/',
    '\u0000https://example.com/',
    'xhttps://example.com/',
  ])('%j', (url) => {
    expect(verdict(url)).toBe('scheme');
  });
});

describe('threats §5 r7: 443 and high ports that nothing else uses', () => {
  test.each([
    0, 1, 21, 22, 25, 53, 80, 110, 442, 444, 465, 587, 993, 1023, 1025, 2375, 2525, 3306, 5432, 6379, 6443,
    6667, 9200, 10250, 11211, 27017,
  ])('%i is closed', (port) => {
    expect(verdict(`https://example.com:${port}/`)).toBe('port');
    expect(verdict(`https://127.0.0.1:${port}/`, policyOf('127.0.0.1'))).toBe('port');
  });

  test.each([
    [
      'what browsers refuse',
      [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080],
    ],
    ['chat', [6665, 6666, 6667, 6668, 6669]],
    ['mail and SOCKS', [1025, 1080, 2525]],
    ['databases', [1433, 1434, 1521, 3306, 5432, 5984, 9042, 9160, 9200, 9300, 27017, 27018, 27019]],
    ['caches and queues', [6379, 6380, 26379, 11211, 5671, 5672, 9092, 4222, 2181]],
    ['clusters', [2375, 2376, 2379, 2380, 6443, 8500, 10250, 10255]],
    ['desktops', [3389, 5900, 5901]],
  ])('closed: %s', (_, ports) => {
    expect(ports.filter((port) => verdict(`https://example.com:${port}/`) !== 'port')).toEqual([]);
  });

  test.each([443, 1024, 3000, 8000, 8080, 8443, 65_535])('%i is open', (port) => {
    expect(verdict(`https://example.com:${port}/`)).toBe('allowed');
  });
});

describe('threats §5 r9: a name is refused if any of its addresses is not global', () => {
  const target = targetOf('https://example.com/');
  test.each([
    [['8.8.8.8', '::1']],
    [['::1', '8.8.8.8']],
    [['8.8.8.8', '10.0.0.1']],
    [['2606:4700::1111', 'fe80::1']],
    [['8.8.8.8', 'not an address']],
    [['8.8.8.8', 'fe80::1%eth0']],
    [['8.8.8.8', '127.1']],
    [[...Array.from({ length: 20 }, (_, index) => `8.8.8.${index}`), '127.0.0.1']],
  ])('%j', (addresses) => {
    expect(admit(target, { addresses, policy: PUBLIC })).toBeNull();
  });

  test('all of them global is fine, and a few of them are enough', () => {
    const many = Array.from({ length: 20 }, (_, index) => `8.8.8.${index}`);
    expect(admit(target, { addresses: many, policy: PUBLIC })).toEqual(many.slice(0, 8).map(parseAddress));
    expect(admit(target, { addresses: ['8.8.8.8', '2606:4700::1'], policy: PUBLIC })).toHaveLength(2);
  });
});

test('threats §5 r2: where an address cannot be held, none may stand in a URL', () => {
  const policy = { ...PUBLIC, literals: false };
  expect(verdict('https://8.8.8.8/', policy)).toBe('literal');
  expect(verdict('https://[2606:4700::1111]/', policy)).toBe('literal');
  expect(verdict('https://127.0.0.1/', policy)).toBe('address');
  expect(verdict('https://example.com/', policy)).toBe('allowed');
  expect(verdict('http://127.0.0.1:3000/', policyOf('127.0.0.1', { literals: false }))).toBe('allowed');
});
