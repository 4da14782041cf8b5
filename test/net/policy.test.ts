import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { type Allowance, NOTHING_ALLOWED, readAllowance } from '../../src/net/allowance.ts';
import { failureText, ruleText } from '../../src/net/failure-text.ts';
import { admit, type EgressPolicy, judge, type Target } from '../../src/net/policy.ts';
import { isGlobal } from '../../src/net/special-purpose.ts';
import { corpusFile } from '../support/corpora.ts';

const PUBLIC: EgressPolicy = {
  allowance: NOTHING_ALLOWED,
  own: ['https://mail.example.com'],
  literals: true,
};

function allowing(text: string, rest: Partial<EgressPolicy> = {}): EgressPolicy {
  const read = readAllowance(text);
  if (!read.ok) throw new Error(read.problems.join());
  return { ...PUBLIC, own: [], ...rest, allowance: read.allowance };
}

function verdict(url: string, policy: EgressPolicy = PUBLIC): string {
  const judged = judge(url, policy);
  return judged.ok ? 'allowed' : judged.rule;
}

function targetOf(url: string, policy: EgressPolicy = PUBLIC): Target {
  const judged = judge(url, policy);
  if (!judged.ok) throw new Error(`${url} is refused: ${judged.rule}`);
  return judged.target;
}

test.each([
  ['https://example.com', 'https://example.com/', 'example.com', 443],
  ['HTTPS://EXAMPLE.com:443/a?b#c', 'https://example.com/a?b', 'example.com', 443],
  ['https://example.com./hook', 'https://example.com/hook', 'example.com', 443],
  ['https://example.com:8443/', 'https://example.com:8443/', 'example.com', 8443],
  ['https://example.com:1024/', 'https://example.com:1024/', 'example.com', 1024],
  ['https://example.com:65535/', 'https://example.com:65535/', 'example.com', 65_535],
  ['https://b\u00fccher.example/', 'https://xn--bcher-kva.example/', 'xn--bcher-kva.example', 443],
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
    expect(verdict(`https://127.0.0.1:${port}/`, allowing('127.0.0.1'))).toBe('port');
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

describe('threats §5 r15: our own host is refused', () => {
  test.each([
    'https://mail.example.com/emails',
    'https://mail.example.com./emails',
    'https://MAIL.example.com:8443/',
    'https://mail\u3002example\uff0ecom/',
  ])('%s', (url) => {
    expect(verdict(url)).toBe('own_host');
  });

  test('its neighbours are not', () => {
    expect(verdict('https://example.com/')).toBe('allowed');
    expect(verdict('https://hook.mail.example.com/')).toBe('allowed');
  });

  test('an address of ours is ours in every spelling', () => {
    const own = ['https://8.8.8.8:3025', 'http://[2606:4700::1111]'];
    expect(verdict('https://[::ffff:8.8.8.8]/', { ...PUBLIC, own })).toBe('own_host');
    expect(verdict('https://0x8.8.8.8/', { ...PUBLIC, own })).toBe('own_host');
    expect(verdict('https://[2606:4700:0::1111]/', { ...PUBLIC, own })).toBe('own_host');
  });

  test('on an allowed host only our own port is', () => {
    const policy = allowing('127.0.0.1,localhost', { own: ['http://127.0.0.1:3025', 'http://localhost'] });
    expect(verdict('http://127.0.0.1:3025/emails', policy)).toBe('own_host');
    expect(verdict('http://127.0.0.1:9000/hook', policy)).toBe('allowed');
    expect(verdict('http://localhost:80/', policy)).toBe('own_host');
    expect(verdict('http://localhost:9000/', policy)).toBe('allowed');
  });
});

describe('EGRESS_ALLOW', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.0/8',
    '10.0.0.0/8, fd00::/8',
    ' ::1 ',
    '[::1]',
    'localhost',
    'receiver.internal',
    'Receiver.Internal.',
    'b\u00fccher.internal',
    'localhost,127.0.0.0/8,::1',
    '0.0.0.0/0',
  ])('%j is read', (text) => {
    expect(readAllowance(text).ok).toBe(true);
  });

  test.each([
    ['', 1],
    ['a,,b', 2],
    [',', 1],
    ['10.0.0.1/8', 1],
    ['10.0.0.0/33', 1],
    ['127.1', 1],
    ['2130706433', 1],
    ['0x7f.1', 1],
    ['010.0.0.1', 1],
    ['\u2460.1.1.1', 1],
    ['localhost,10.0.0.0/x', 2],
    ['http://localhost', 1],
    ['localhost:8080', 1],
    ['127.0.0.1:80', 1],
    ['*.internal', 1],
    ['*', 1],
    ['user@localhost', 1],
    ['local host', 1],
    ['localhost/hook', 1],
    ['a..b', 1],
    ['fe80::1%eth0', 1],
    ['\\\\server', 1],
  ])('%j is not: entry %i', (text, entry) => {
    const read = readAllowance(text);
    expect(read.ok ? [] : read.problems[0]).toMatch(new RegExp(`^entry ${entry}: expected a range`));
  });

  test('every entry that is wrong is named, and none of them repeated', () => {
    const read = readAllowance('secret/1,127.0.0.1,secret/2');
    expect(read).toMatchObject({
      ok: false,
      problems: [/^entry 1/, /^entry 3/].map((one) => expect.stringMatching(one)),
    });
    expect(JSON.stringify(read)).not.toContain('secret');
  });

  test.each([
    ['127.0.0.1', 'http://127.0.0.1:9000/hook', 'any'],
    ['127.0.0.1', 'http://127.1/hook', 'any'],
    ['127.0.0.1', 'https://[::ffff:7f00:1]/', 'any'],
    ['10.0.0.0/8', 'http://10.1.2.3/', 'any'],
    ['fd00::/8', 'http://[fd12::1]:8080/', 'any'],
    ['localhost', 'http://localhost:3000/', 'any'],
    ['localhost', 'https://LOCALHOST.:3000/', 'any'],
    ['receiver', 'http://receiver/', 'any'],
    ['127.0.0.0/8', 'http://localhost:3000/', 'allowed'],
    ['127.0.0.0/8', 'https://receiver.internal/', 'allowed'],
    ['127.0.0.0/8', 'http://example.com/', 'allowed'],
    ['127.0.0.0/8', 'https://example.com/', 'global'],
    ['localhost', 'https://example.com/', 'global'],
    ['8.8.8.8', 'http://8.8.8.8/', 'any'],
  ])('%s opens %s: %s', (text, url, admits) => {
    expect(targetOf(url, allowing(text)).admits).toBe(admits);
  });

  test.each([
    ['127.0.0.1', 'http://127.0.0.2/', 'address'],
    ['127.0.0.1', 'http://[::1]/', 'address'],
    ['127.0.0.1', 'http://8.8.8.8/', 'scheme'],
    ['10.0.0.0/8', 'http://11.0.0.0/', 'scheme'],
    ['10.0.0.0/8', 'https://[64:ff9b::10.0.0.1]/', 'address'],
    ['localhost', 'http://foo.localhost/', 'scheme'],
    ['localhost', 'https://foo.localhost/', 'host'],
    ['localhost', 'https://127.0.0.1/', 'address'],
    ['example.com', 'http://www.example.com/', 'scheme'],
    ['127.0.0.1', 'http://user@127.0.0.1/', 'credentials'],
    ['127.0.0.1', 'ftp://127.0.0.1/', 'scheme'],
    ['127.0.0.1', 'http://127.0.0.1:22/', 'port'],
    ['127.0.0.1', 'https://127.0.0.1:80/', 'port'],
  ])('%s does not open %s: %s', (text, url, rule) => {
    expect(verdict(url, allowing(text))).toBe(rule);
  });

  test('a name that only a range opens leads into that range and nowhere else', () => {
    const policy = allowing('127.0.0.0/8');
    const target = targetOf('http://localhost:3000/', policy);
    const to = (...addresses: readonly string[]) => admit(target, { addresses, policy });
    expect(to('127.0.0.1')).toEqual([parseAddress('127.0.0.1')]);
    expect(to('::1', '127.0.0.1')).toEqual([parseAddress('127.0.0.1')]);
    expect(to('::1')).toBeNull();
    expect(to('8.8.8.8')).toBeNull();
    expect(to('169.254.169.254')).toBeNull();
    expect(to()).toBeNull();
    expect(to(...Array.from({ length: 20 }, (_, index) => `127.0.0.${index}`))).toHaveLength(8);
  });

  test('a public name may lead into an allowed range, but nowhere else inside', () => {
    const policy = allowing('10.0.0.0/8');
    const target = targetOf('https://example.com/', policy);
    expect(admit(target, { addresses: ['10.0.0.1', '8.8.8.8'], policy })).toHaveLength(2);
    expect(admit(target, { addresses: ['10.0.0.1', '192.168.0.1'], policy })).toBeNull();
  });

  test('a host that was opened by name leads anywhere, once it is an address', () => {
    const policy = allowing('receiver.internal');
    const target = targetOf('http://receiver.internal/', policy);
    expect(admit(target, { addresses: ['10.0.0.1', '::1'], policy })).toHaveLength(2);
    expect(admit(target, { addresses: ['10.0.0.1', 'x'], policy })).toBeNull();
    expect(admit(target, { addresses: Array.from({ length: 9 }, () => '10.0.0.1'), policy })).toHaveLength(8);
  });
});

test('threats §5 r2: where an address cannot be held, none may stand in a URL', () => {
  const policy = { ...PUBLIC, literals: false };
  expect(verdict('https://8.8.8.8/', policy)).toBe('literal');
  expect(verdict('https://[2606:4700::1111]/', policy)).toBe('literal');
  expect(verdict('https://127.0.0.1/', policy)).toBe('address');
  expect(verdict('https://example.com/', policy)).toBe('allowed');
  expect(verdict('http://127.0.0.1:3000/', allowing('127.0.0.1', { literals: false }))).toBe('allowed');
});

test('what is said of a refusal is one sentence and names no host', () => {
  const rules = [
    'length',
    'spelling',
    'scheme',
    'credentials',
    'host',
    'own_host',
    'port',
    'literal',
    'address',
  ] as const;
  const texts = rules.map(ruleText);
  expect(new Set(texts).size).toBe(rules.length);
  for (const text of texts) expect(text).toMatch(/^The [^.]+(?:\.[^.]+)*\.$/);
});

describe('threats §5 r13: what is said of a failure does not make us a port scanner', () => {
  test('a closed port, a silent one and one with another protocol read alike', () => {
    const texts = [
      failureText({ kind: 'connect' }),
      failureText({ kind: 'answer' }),
      failureText({ kind: 'tls', certificate: false }),
      failureText({ kind: 'timeout', stage: 'answer', ms: 15_000 }),
      failureText({ kind: 'timeout', stage: 'dns', ms: 15_000 }),
    ];
    expect(new Set(texts).size).toBe(1);
  });

  test('a name that does not exist and one that leads inside read alike', () => {
    expect(failureText({ kind: 'refused', rule: 'address', hop: 0 })).toBe(failureText({ kind: 'dns' }));
  });

  test('every refusal behind a redirect reads alike', () => {
    const rules = ['scheme', 'host', 'port', 'address'] as const;
    expect(new Set(rules.map((rule) => failureText({ kind: 'refused', rule, hop: 1 }))).size).toBe(1);
  });

  test('what an owner can mend is named', () => {
    expect(failureText({ kind: 'refused', rule: 'port', hop: 0 })).toBe(ruleText('port'));
    expect(failureText({ kind: 'tls', certificate: true })).toMatch(/certificate/);
    expect(failureText({ kind: 'timeout', stage: 'body', ms: 15_000 })).toBe(
      'The answer was not complete after 15 s.',
    );
    expect(failureText({ kind: 'too_large', limit: 10 })).toBe('The answer was larger than 10 bytes.');
    expect(failureText({ kind: 'encoded' })).toMatch(/compressed/);
    expect(failureText({ kind: 'redirect', reason: 'too_many' })).toMatch(/more than 3 times/);
    expect(failureText({ kind: 'redirect', reason: 'location' })).toMatch(/no readable URL/);
    expect(failureText({ kind: 'aborted' })).toMatch(/interrupted/);
  });
});

/** URLs out of pieces that mean something to somebody. */
const url = fc
  .array(
    fc.constantFrom(
      'https:',
      'http:',
      '/',
      '//',
      '\\',
      '@',
      ':',
      '.',
      '?',
      '#',
      '%2e',
      '%40',
      'a.example',
      'user',
      '127.0.0.1',
      '127.1',
      '[::1]',
      '[::ffff:7f00:1]',
      'localhost',
      '443',
      '8443',
      '22',
      '\t',
      ' ',
      '\u3002',
      '\u2460',
      '\u00ad',
      '\u200b',
    ),
    { maxLength: 12 },
  )
  .map((pieces) => `https://${pieces.join('')}`);

function holds(text: string): void {
  const judged = judge(text, PUBLIC);
  if (!judged.ok) return;
  const { target } = judged;
  const asGiven = new URL(text);
  const dialled = new URL(target.url);
  expect(dialled.href).toBe(target.url);
  expect(dialled.protocol).toBe('https:');
  expect(dialled.username + dialled.password + dialled.hash).toBe('');
  if (target.address === null) {
    expect(target.host).toBe(asGiven.hostname.replace(/\.$/, ''));
    expect(dialled.hostname).toBe(target.host);
  } else {
    expect(target.address).toEqual(parseAddress(asGiven.hostname));
    expect(isGlobal(target.address)).toBe(true);
    expect(parseAddress(dialled.hostname)).toEqual(target.address);
  }
  expect(Number(dialled.port || 443)).toBe(target.port);
  expect(dialled.pathname + dialled.search).toBe(asGiven.pathname + asGiven.search);
  expect(judge(target.url, PUBLIC)).toEqual({ ok: true, target });
}

test('threats §5 r5: what was judged is what is dialled, however a URL is written', () => {
  fc.assert(fc.property(url, holds), { numRuns: 20_000 });
});

test('threats §5 r5: what was judged is what is dialled, for the URLs of the web platform tests', () => {
  const file = corpusFile('rust-url/urltestdata.json');
  const rows: readonly unknown[] = file === null ? [] : JSON.parse(file.toString());
  const inputs = rows.flatMap((row) =>
    row !== null && typeof row === 'object' && 'input' in row ? [String(row.input)] : [],
  );
  if (file !== null) expect(inputs.length).toBeGreaterThan(800);
  for (const input of inputs) {
    holds(input);
    holds(input.replace(/^[a-z]+:/i, 'https:'));
  }
});

test('an empty allowance allows nothing', () => {
  const nothing: Allowance = NOTHING_ALLOWED;
  expect([...nothing.hosts, ...nothing.ranges]).toEqual([]);
});
