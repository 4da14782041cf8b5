import { describe, expect, it, test } from 'vitest';
import type { RelayConfig } from '../../src/relay/relay.ts';
import { problemsOnWorkers, readRelayUrls } from '../../src/relay/relay-url.ts';
import { expectProportional } from '../support/growth.ts';

function relaysOf(text: string): readonly RelayConfig[] {
  const read = readRelayUrls(text, { ehloName: 'app.example' });
  if (!read.ok) throw new Error(read.problems.join('; '));
  return read.relays;
}

function problemsOf(text: string): readonly string[] {
  const read = readRelayUrls(text, { ehloName: 'app.example' });
  return read.ok ? [] : read.problems;
}

const BASE: RelayConfig = {
  name: 'h-example',
  endpoints: [{ host: 'h.example', port: 587, security: 'starttls' }],
  credentials: null,
  connections: 4,
  rate: null,
  ehloName: 'app.example',
};
const at = (port: number, security: 'implicit' | 'starttls' | 'none', host = 'h.example') => ({
  host,
  port,
  security,
});

describe('A relay URL', () => {
  test.each([
    ['smtp://h.example', {}],
    ['smtp://h.example/', {}],
    ['SMTP://H.Example', {}],
    [' smtp://h.example ', {}],
    ['smtp://h.example:587', {}],
    ['smtp://h.example:2525', { endpoints: [at(2525, 'starttls')] }],
    ['smtp://h.example:25', { endpoints: [at(25, 'starttls')] }],
    // The scheme decides, not the number.
    ['smtp://h.example:465', { endpoints: [at(465, 'starttls')] }],
    ['smtps://h.example', { endpoints: [at(465, 'implicit')] }],
    ['smtps://h.example:465', { endpoints: [at(465, 'implicit')] }],
    ['smtps://h.example:2465', { endpoints: [at(2465, 'implicit')] }],
    ['smtp://h.example?tls=none', { endpoints: [at(587, 'none')] }],
    ['smtp://h.example:2525?tls=none', { endpoints: [at(2525, 'none')] }],
    [
      'smtp://h.example?ports=587,465,2525',
      { endpoints: [at(587, 'starttls'), at(465, 'implicit'), at(2525, 'starttls')] },
    ],
    ['smtp://h.example?ports=465,587', { endpoints: [at(465, 'implicit'), at(587, 'starttls')] }],
    [
      'smtp://h.example:2525?ports=587,465',
      { endpoints: [at(2525, 'starttls'), at(587, 'starttls'), at(465, 'implicit')] },
    ],
    ['smtp://h.example:587?ports=587,465', { endpoints: [at(587, 'starttls'), at(465, 'implicit')] }],
    ['smtps://h.example?ports=465,587', { endpoints: [at(465, 'implicit'), at(587, 'starttls')] }],
    ['smtp://h.example?tls=none&ports=2525,465', { endpoints: [at(2525, 'none'), at(465, 'implicit')] }],
    ['smtp://u:p@h.example', { credentials: { user: 'u', pass: 'p' } }],
    ['smtp://u%40b.example:p%3A%2F%25%23@h.example', { credentials: { user: 'u@b.example', pass: 'p:/%#' } }],
    ['smtp://u@b.example:p@ss@h.example', { credentials: { user: 'u@b.example', pass: 'p@ss' } }],
    ['smtp://u:a:b:c@h.example', { credentials: { user: 'u', pass: 'a:b:c' } }],
    ['smtp://u:%ED%95%9C%EA%B8%80@h.example', { credentials: { user: 'u', pass: '한글' } }],
    ['smtp://u:p+p@h.example', { credentials: { user: 'u', pass: 'p+p' } }],
    ['smtp://u:p,smtp@h.example', { credentials: { user: 'u', pass: 'p,smtp' } }],
    ['smtp://@h.example', {}],
    ['smtp://h.example?name=main-2', { name: 'main-2' }],
    ['smtp://h.example?connections=10&rate=0.5', { connections: 10, rate: 0.5 }],
    ['smtp://h.example?connections=1&rate=10000', { connections: 1, rate: 10_000 }],
    ['smtp://h.example?ehlo=mail.other.example', { ehloName: 'mail.other.example' }],
    ['smtp://h.example?ehlo=[192.0.2.1]', { ehloName: '[192.0.2.1]' }],
    ['smtp://h.example?', {}],
    ['smtp://localhost:2525?tls=none', { name: 'localhost', endpoints: [at(2525, 'none', 'localhost')] }],
    ['smtp://mail_relay:2525?tls=none&name=x', { name: 'x', endpoints: [at(2525, 'none', 'mail_relay')] }],
    ['smtp://192.0.2.7', { name: '192-0-2-7', endpoints: [at(587, 'starttls', '192.0.2.7')] }],
    ['smtp://[2001:DB8::7]:587', { name: '2001-db8--7', endpoints: [at(587, 'starttls', '2001:db8::7')] }],
    ['smtps://[::1]', { name: '1', endpoints: [at(465, 'implicit', '::1')] }],
    [
      'smtp://bücher.example',
      { name: 'xn--bcher-kva-example', endpoints: [at(587, 'starttls', 'xn--bcher-kva.example')] },
    ],
    // In the clear, credentials go to this machine alone.
    [
      'smtp://u:p@127.0.0.1?tls=none&name=n',
      { name: 'n', credentials: { user: 'u', pass: 'p' }, endpoints: [at(587, 'none', '127.0.0.1')] },
    ],
    [
      'smtp://u:p@[::1]?tls=none&name=n',
      { name: 'n', credentials: { user: 'u', pass: 'p' }, endpoints: [at(587, 'none', '::1')] },
    ],
    [
      'smtp://u:p@localhost?tls=none&name=n',
      { name: 'n', credentials: { user: 'u', pass: 'p' }, endpoints: [at(587, 'none', 'localhost')] },
    ],
  ] as const)('%s', (text, changed) => {
    const [relay] = relaysOf(text);
    expect({ ...relay, name: relay?.name.replaceAll(/-+/g, '-') }).toEqual({
      ...BASE,
      ...changed,
      name: ('name' in changed ? changed.name : BASE.name).replaceAll(/-+/g, '-'),
    });
  });
});

describe('Several relays are tried in the order given', () => {
  it('with spaces or without, and the commas of ports are no separators', () => {
    const relays = relaysOf('smtp://a.example?ports=587,465, smtps://u:p@b.example ,smtp://c.example?name=c');
    expect(relays.map(({ name }) => name)).toEqual(['a-example', 'b-example', 'c']);
    expect(relays[0]?.endpoints).toHaveLength(2);
  });

  it('names come from the host, so that a new order keeps them, and are told apart where hosts are the same', () => {
    expect(relaysOf('smtp://b.example,smtp://a.example').map(({ name }) => name)).toEqual([
      'b-example',
      'a-example',
    ]);
    const twins = relaysOf('smtp://a.example,smtps://a.example,smtp://a.example?name=a-example-2');
    expect(twins.map(({ name }) => name)).toEqual(['a-example', 'a-example-3', 'a-example-2']);
  });

  it('a name is never longer than it may be, nor the reserved one', () => {
    const [long, simulated] = relaysOf(`smtp://${'x'.repeat(60)}.example,smtp://simulated`);
    expect(long?.name.length).toBeLessThanOrEqual(32);
    expect(simulated?.name).not.toBe('simulated');
  });
});

describe('What is wrong is refused', () => {
  test.each([
    ['', /expected smtp/],
    ['h.example', /expected smtp/],
    ['http://h.example', /expected smtp/],
    ['smtp:h.example', /expected smtp/],
    ['smtp:/h.example', /expected smtp/],
    ['smtp://', /host/],
    ['smtp://:587', /host/],
    ['smtp://u:p@', /host/],
    ['smtp://h.example/path', /expected smtp/],
    ['smtp://h.example#x', /expected smtp/],
    ['smtp://h example', /host/],
    ['smtp://h..example', /host/],
    ['smtp://-h.example', /host/],
    ['smtp://h.example.', /host/],
    ['smtp://h%2eexample', /host/],
    ['smtp://127.1', /host/],
    ['smtp://2130706433', /host/],
    ['smtp://0x7f.0.0.1', /host/],
    ['smtp://999.1.1.1', /host/],
    ['smtp://[::1', /expected smtp|host/],
    ['smtp://[nonsense]', /IPv6/],
    ['smtp://[127.0.0.1]', /IPv6/],
    ['smtp://[fe80::1%25eth0]', /IPv6/],
    ['smtp://h.example:0', /port/],
    ['smtp://h.example:65536', /port/],
    ['smtp://h.example:abc', /port/],
    ['smtp://h.example:5 87', /port/],
    ['smtp://h.example:-1', /port/],
    ['smtp://u@h.example', /user:password/],
    ['smtp://u:@h.example', /user:password/],
    ['smtp://:p@h.example', /user:password/],
    ['smtp://u:%zz@h.example', /%25/],
    ['smtp://u:%ff@h.example', /%25/],
    ['smtp://u:p%0d%0aRSET@h.example', /control/],
    ['smtp://u%00:p@h.example', /control/],
    ['smtp://h.example?tls=off', /tls/],
    ['smtp://h.example?tls=optional', /tls/],
    ['smtps://h.example?tls=none', /contradicts/],
    ['smtp://u:p@h.example?tls=none', /in the clear/],
    ['smtp://u:p@192.0.2.1?tls=none', /in the clear/],
    ['smtp://u:p@127.0.0.1.evil.example?tls=none', /in the clear/],
    ['smtp://u:p@localhost.evil.example?tls=none', /in the clear/],
    ['smtp://h.example?TLS=none', /unknown setting/],
    ['smtp://h.example?nmae=x', /unknown setting/],
    ['smtp://h.example?secure=false', /unknown setting/],
    ['smtp://h.example?rejectUnauthorized=0', /unknown setting/],
    ['smtp://h.example?name=a&name=b', /given twice/],
    ['smtp://h.example?name=', /expected a value/],
    ['smtp://h.example?name', /expected a value/],
    ['smtp://h.example?name=%ZZ', /expected a value/],
    ['smtp://h.example?name=Main', /name/],
    ['smtp://h.example?name=a_b', /name/],
    [`smtp://h.example?name=${'x'.repeat(33)}`, /name/],
    ['smtp://h.example?name=simulated', /reserved/],
    ['smtp://h.example?ports=', /expected a value/],
    ['smtp://h.example?ports=587,', /ports/],
    ['smtp://h.example?ports=587,587', /twice/],
    ['smtp://h.example?ports=0', /ports/],
    ['smtp://h.example?ports=587;465', /ports/],
    ['smtp://h.example?connections=0', /connections/],
    ['smtp://h.example?connections=101', /connections/],
    ['smtp://h.example?connections=1.5', /connections/],
    ['smtp://h.example?connections=-1', /connections/],
    ['smtp://h.example?rate=0', /rate/],
    ['smtp://h.example?rate=1e3', /rate/],
    ['smtp://h.example?rate=NaN', /rate/],
    ['smtp://h.example?rate=10001', /rate/],
    ['smtp://h.example?ehlo=a b', /ehlo/],
    ['smtp://h.example?ehlo=a%0d%0aMAIL', /ehlo/],
    ['smtp://h.example?ehlo=-a', /ehlo/],
    ['smtp://a.example?name=x,smtp://b.example?name=x', /two relays/],
    ['smtp://a.example;smtp://b.example', /expected|host|port/],
    ['smtp://a.example,b.example', /host/],
  ])('%j', (text, problem) => {
    expect(problemsOf(text).join('\n')).toMatch(problem);
  });

  it('every problem is listed, each with the place of its relay', () => {
    const problems = problemsOf(
      'smtp://h.example:0?rate=0&connections=0&x=1,ftp://b.example,smtp://c.example?tls=1',
    );
    expect(problems).toHaveLength(6);
    expect(problems.filter((problem) => problem.startsWith('relay 1: '))).toHaveLength(4);
    expect(problems.filter((problem) => problem.startsWith('relay 2: '))).toHaveLength(1);
    expect(problems.filter((problem) => problem.startsWith('relay 3: '))).toHaveLength(1);
  });

  test.each([
    'smtp://canary-user:canary-pass@h.example:0?tls=none&rate=x&name=A',
    'smtp://canary-user:canary-pass',
    'smtp://canary-user:canary-pass@',
    'smtp://canary-user:canary/pass@h.example',
    'smtp://canary-user:canary?pass@h.example',
    'smtp://canary-user:canary#pass@h.example',
    'smtp://canary-user:%zzcanary@h.example',
    'smtp://canary-user@h.example',
    'canary-user:canary-pass@h.example',
    'smtp://canary-user:can ary@h exa',
  ])('and no credential is in a message: %s', (text) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join('\n')).not.toMatch(/canary|pass@/);
  });

  it('a URL of a megabyte is refused quickly', async () => {
    const urls = [
      (count: number) => `smtp://${'a.'.repeat(count)}`,
      (count: number) => `smtp://${'a:@'.repeat(count)}h..example`,
      (count: number) => `smtp://h.example${','.repeat(count)}`,
    ];
    for (const url of urls) {
      await expectProportional(500_000, (count) => {
        expect(problemsOf(url(count)).length).toBeGreaterThan(0);
      });
    }
  });
});

describe('threats §14 r7: what a relay cannot be on Workers', () => {
  test.each([
    ['smtp://h.example', 0],
    ['smtps://h.example:465', 0],
    ['smtp://h.example?ports=587,465,2525', 0],
    ['smtp://h.example:25', 1],
    ['smtp://h.example?ports=587,25', 1],
    ['smtp://192.0.2.1', 1],
    ['smtp://[2001:db8::1]', 1],
    ['smtp://192.0.2.1:25', 2],
  ])('%s has %d problems', (text, count) => {
    const problems = relaysOf(text).flatMap((relay) => problemsOnWorkers(relay));
    expect(problems).toHaveLength(count);
    for (const problem of problems) expect(problem).toMatch(/^relay [a-z0-9-]+: /);
  });
});
