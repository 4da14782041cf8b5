import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { NOTHING_ALLOWED, readAllowance } from '../../src/net/allowance.ts';
import { admit } from '../../src/net/policy.ts';
import { PUBLIC, policyOf, targetOf, verdict } from './judged.ts';

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
    const policy = policyOf('127.0.0.1,localhost', {
      own: ['http://127.0.0.1:3025', 'http://localhost', 'https://127.0.0.1'],
    });
    expect(verdict('http://127.0.0.1:3025/emails', policy)).toBe('own_host');
    expect(verdict('http://127.0.0.1:9000/hook', policy)).toBe('allowed');
    expect(verdict('http://localhost:80/', policy)).toBe('own_host');
    expect(verdict('https://127.0.0.1/', policy)).toBe('own_host');
    expect(verdict('https://localhost/', policy)).toBe('allowed');
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
    expect(targetOf(url, policyOf(text)).admits).toBe(admits);
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
    expect(verdict(url, policyOf(text))).toBe(rule);
  });

  test('a name that only a range opens leads into that range and nowhere else', () => {
    const policy = policyOf('127.0.0.0/8');
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
    const policy = policyOf('10.0.0.0/8');
    const target = targetOf('https://example.com/', policy);
    expect(admit(target, { addresses: ['10.0.0.1', '8.8.8.8'], policy })).toHaveLength(2);
    expect(admit(target, { addresses: ['10.0.0.1', '192.168.0.1'], policy })).toBeNull();
  });

  test('a host that was opened by name leads anywhere, once it is an address', () => {
    const policy = policyOf('receiver.internal');
    const target = targetOf('http://receiver.internal/', policy);
    expect(admit(target, { addresses: ['10.0.0.1', '::1'], policy })).toHaveLength(2);
    expect(admit(target, { addresses: ['10.0.0.1', 'x'], policy })).toBeNull();
    expect(admit(target, { addresses: Array.from({ length: 9 }, () => '10.0.0.1'), policy })).toHaveLength(8);
  });
});

test('an empty allowance allows nothing', () => {
  expect([...NOTHING_ALLOWED.hosts, ...NOTHING_ALLOWED.ranges]).toEqual([]);
});
