import { afterAll, describe, expect, test } from 'vitest';
import { printAddress } from '../../src/net/address.ts';
import { exchange } from '../../src/net/exchange.ts';
import { type DnsStub, type StubReply, zone } from '../support/dns-stub.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { GET, openEgress } from './open-egress.ts';
import { call, ThisMachine } from './this-machine.ts';

const machine = new ThisMachine();
afterAll(() => machine.close());
const inside = await machine.inside();
/** Has a certificate for `elsewhere.example`. */
const elsewhere = await machine.secure('wrongHost');

const ADDRESS_REFUSED = { ok: false, failure: { kind: 'refused', rule: 'address', hop: 0 } };

describe('threats §5 r8: a name is looked up once, and the connection goes to what was judged or nowhere', () => {
  /** The first question of each type gets one address, every later one another. */
  const rebinding = (first: string, later: string) =>
    machine.dns(({ type, earlier }) => (type === 'A' ? [{ type, data: earlier === 0 ? first : later }] : []));

  test('first public, then loopback: the public address is held', async () => {
    const server = await rebinding('8.8.8.8', '127.0.0.1');
    const dialled: string[] = [];
    const egress = openEgress({
      allow: '',
      after: createManualClock().after,
      servers: [server.address],
      exchange: async ({ addresses }) => {
        dialled.push(...addresses.map(printAddress));
        return { ok: false, failure: { kind: 'connect' } };
      },
    });
    await egress.fetch({ ...GET, url: `https://rebind.example.com:${inside.port}/` });
    expect(dialled).toEqual(['8.8.8.8']);
    expect(await egress.fetch({ ...GET, url: `https://rebind.example.com:${inside.port}/` })).toMatchObject(
      ADDRESS_REFUSED,
    );
    expect(dialled).toEqual(['8.8.8.8']);
  });

  test('first loopback, then public: refused, and not asked again', async () => {
    const server = await rebinding('127.0.0.1', '8.8.8.8');
    expect(await call(`https://rebind.example.com:${inside.port}/`, { server })).toMatchObject(
      ADDRESS_REFUSED,
    );
    expect(inside.connections).toBe(0);
    expect(server.questions.map(({ type }) => type).toSorted()).toEqual(['A', 'AAAA']);
  });

  test('the connection goes to the first answer, whatever the next would be', async () => {
    const server = await rebinding('127.0.0.1', '10.0.0.1');
    const url = `https://elsewhere.example:${elsewhere.port}/status/200`;
    expect(await call(url, { server, allow: '127.0.0.1' })).toMatchObject({ ok: true, status: 200 });
    expect(server.questions).toHaveLength(2);
    expect(await call(url, { server, allow: '127.0.0.1' })).toMatchObject(ADDRESS_REFUSED);
  });
});

describe('threats §5 r3, r9: a name is refused if anything it leads to is not global', () => {
  const zoned = {
    '127.0.0.1.nip.io': ['127.0.0.1'],
    'both.example.com': ['8.8.8.8', '::1'],
    'two.example.com': ['8.8.8.8', '127.0.0.1'],
    'mapped.example.com': ['::ffff:127.0.0.1'],
    'nat64.example.com': ['64:ff9b::7f00:1'],
    'six.example.com': ['fd00::1'],
    'metadata.example.com': ['169.254.169.254'],
    'zero.example.com': ['0.0.0.0'],
  };

  test.each(Object.keys(zoned))('%s', async (name) => {
    const server = await machine.dns(zone(zoned));
    const before = inside.connections;
    expect(await call(`https://${name}:${inside.port}/`, { server })).toMatchObject(ADDRESS_REFUSED);
    expect(inside.connections).toBe(before);
  });

  test('a chain of aliases to a private name', async () => {
    const server = await machine.dns(({ name, type }): StubReply => {
      const chain = [
        { type: 'CNAME' as const, data: 'step.example.net' },
        { name: 'step.example.net', type: 'CNAME' as const, data: 'db.internal' },
      ];
      if (name !== 'alias.example.com') return 'NXDOMAIN';
      return type === 'A' ? [...chain, { name: 'db.internal', type: 'A', data: '127.0.0.1' }] : chain;
    });
    const before = inside.connections;
    expect(await call(`https://alias.example.com:${inside.port}/`, { server })).toMatchObject(
      ADDRESS_REFUSED,
    );
    expect(inside.connections).toBe(before);
  });
});

describe('names', () => {
  test.each<[string, StubReply]>([
    ['does not exist', 'NXDOMAIN'],
    ['cannot be looked up', 'SERVFAIL'],
    ['has no address', []],
  ])('a name that %s is a failure of its own', async (_, reply) => {
    const server = await machine.dns(() => reply);
    expect(await call('https://gone.example.com/', { server })).toEqual({
      ok: false,
      failure: { kind: 'dns' },
      status: null,
    });
  });

  test('a server that knows no IPv6 is no obstacle', async () => {
    const server = await machine.dns(({ type }) =>
      type === 'A' ? [{ type, data: '127.0.0.1' }] : 'SERVFAIL',
    );
    const url = `https://elsewhere.example:${elsewhere.port}/status/200`;
    expect(await call(url, { server, allow: '127.0.0.1' })).toMatchObject({ ok: true });
  });

  test('the next address is tried when nobody listens at the first', async () => {
    const server = await machine.dns(zone({ 'elsewhere.example': ['127.0.0.2', '127.0.0.1'] }));
    const url = `https://elsewhere.example:${elsewhere.port}/status/200`;
    expect(await call(url, { server, allow: '127.0.0.0/8' })).toMatchObject({ ok: true });
  });

  test('a call that is over before it begins asks nobody for long', async () => {
    const server = await machine.dns(() => 'silence');
    const egress = openEgress({ allow: '', after: createManualClock().after, servers: [server.address] });
    const signal = AbortSignal.abort();
    const got = await exchange(egress, { ...GET, url: 'https://slow.example.com/', signal });
    expect(got).toMatchObject({ failure: { kind: 'aborted' } });
  });

  test('threats §5 r12: a name server that keeps silent does not outlive the deadline', async () => {
    const server = await machine.dns(() => 'silence');
    const clock = createManualClock();
    const egress = openEgress({ allow: '', after: clock.after, servers: [server.address] });
    const calling = exchange(egress, { ...GET, url: 'https://slow.example.com/' });
    await server.asked('slow.example.com');
    clock.advance(15_000);
    expect(await calling).toEqual({
      ok: false,
      failure: { kind: 'timeout', stage: 'dns', ms: 15_000 },
      status: null,
    });
    expect(clock.pending).toBe(0);
  });
});

describe('threats §5 r3, r9: a URL is checked when it is given to us, without a connection', () => {
  const check = async (url: string, server: DnsStub) => {
    const clock = createManualClock();
    const egress = openEgress({ allow: '', after: clock.after, servers: [server.address] });
    const refusal = await egress.check({ url, withinMs: 5_000 });
    expect(clock.pending).toBe(0);
    return refusal;
  };
  const zoned = zone({
    '127.0.0.1.nip.io': ['127.0.0.1'],
    'both.example.com': ['8.8.8.8', '::1'],
    'fine.example.com': ['8.8.8.8', '2606:4700::1111'],
  });

  test.each([
    ['https://127.0.0.1.nip.io/', 'address'],
    ['https://both.example.com/', 'address'],
    ['https://127.0.0.1/', 'address'],
    ['https://localhost/', 'host'],
    ['http://fine.example.com/', 'scheme'],
  ])('%s is refused: %s', async (url, rule) => {
    expect(await check(url, await machine.dns(zoned))).toEqual({ kind: 'refused', rule, hop: 0 });
  });

  test.each(['https://fine.example.com/', 'https://8.8.8.8/', 'https://not-yet.example.com/'])(
    '%s is not',
    async (url) => {
      expect(await check(url, await machine.dns(zoned))).toBeNull();
    },
  );

  test('a name server that keeps silent holds nothing up for long', async () => {
    const server = await machine.dns(() => 'silence');
    const clock = createManualClock();
    const egress = openEgress({ allow: '', after: clock.after, servers: [server.address] });
    const checking = egress.check({ url: 'https://slow.example.com/', withinMs: 5_000 });
    await server.asked('slow.example.com');
    clock.advance(5_000);
    expect(await checking).toBeNull();
  });
});
