import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { printAddress } from '../../src/net/address.ts';
import { exchange } from '../../src/net/exchange.ts';
import { judge } from '../../src/net/policy.ts';
import { certificates } from '../support/certificates.ts';
import { corpusFile } from '../support/corpora.ts';
import { type DnsStub, type StubReply, startDnsStub, zone } from '../support/dns-stub.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type SeenRequest, startWebStub, type WebStub } from '../support/web-stub.ts';
import { GET, openEgress, policyOf } from './open-egress.ts';

const CHILD_MS = 20_000;

/** Everything on this machine that must never be reached. */
let inside: WebStub;
const made = await certificates();
const secure = new Map<string, WebStub>();
const stubs: DnsStub[] = [];

beforeAll(async () => {
  inside = await startWebStub();
  for (const name of ['good', 'wrongHost', 'expired', 'selfSigned', 'unknownAuthority', 'noNames'] as const) {
    secure.set(name, await startWebStub({ certificate: made[name] }));
  }
});

afterAll(async () => {
  for (const stub of stubs) stub.close();
  await Promise.all([inside, ...secure.values()].map((stub) => stub.close()));
});

async function dns(reply: Parameters<typeof startDnsStub>[0]): Promise<DnsStub> {
  const stub = await startDnsStub(reply);
  stubs.push(stub);
  return stub;
}

function at(name: string): WebStub {
  const stub = secure.get(name);
  if (stub === undefined) throw new Error(name);
  return stub;
}

const hostOf = (request: SeenRequest | undefined): string | undefined => {
  const { host } = request?.headers ?? {};
  return host;
};

/** One call to `url`, with names looked up at `server`. */
async function call(url: string, parts: { readonly server: DnsStub; readonly allow?: string }) {
  const egress = openEgress({
    allow: parts.allow ?? '',
    after: createManualClock().after,
    servers: [parts.server.address],
    ca: made.ca,
  });
  return exchange(egress, { ...GET, url });
}

const ADDRESS_REFUSED = { ok: false, failure: { kind: 'refused', rule: 'address', hop: 0 } };

describe('threats §5 r8: a name is looked up once, and the connection goes to what was judged or nowhere', () => {
  /** The first question of each type gets one address, every later one another. */
  const rebinding = (first: string, later: string) =>
    dns(({ type, earlier }) => (type === 'A' ? [{ type, data: earlier === 0 ? first : later }] : []));

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
    const url = `https://elsewhere.example:${at('wrongHost').port}/status/200`;
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
    const server = await dns(zone(zoned));
    const before = inside.connections;
    expect(await call(`https://${name}:${inside.port}/`, { server })).toMatchObject(ADDRESS_REFUSED);
    expect(inside.connections).toBe(before);
  });

  test('a chain of aliases to a private name', async () => {
    const server = await dns(({ name, type }): StubReply => {
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
    const server = await dns(() => reply);
    expect(await call('https://gone.example.com/', { server })).toEqual({
      ok: false,
      failure: { kind: 'dns' },
      status: null,
    });
  });

  test('a server that knows no IPv6 is no obstacle', async () => {
    const server = await dns(({ type }) => (type === 'A' ? [{ type, data: '127.0.0.1' }] : 'SERVFAIL'));
    const url = `https://elsewhere.example:${at('wrongHost').port}/status/200`;
    expect(await call(url, { server, allow: '127.0.0.1' })).toMatchObject({ ok: true });
  });

  test('the next address is tried when nobody listens at the first', async () => {
    const server = await dns(zone({ 'elsewhere.example': ['::1', '127.0.0.1'] }));
    const url = `https://elsewhere.example:${at('wrongHost').port}/status/200`;
    expect(await call(url, { server, allow: '127.0.0.1,::1' })).toMatchObject({ ok: true });
  });

  test('threats §5 r12: a name server that keeps silent does not outlive the deadline', async () => {
    const server = await dns(() => 'silence');
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

describe('threats §5 r8: TLS is with the name, not with the address', () => {
  const urlAt = (host: string, name: string) => `https://${host}:${at(name).port}/status/200`;

  test('the certificate of the name is accepted, and Host and SNI are the name', async () => {
    const server = await dns(zone({ 'elsewhere.example': ['127.0.0.1'] }));
    expect(await call(urlAt('elsewhere.example', 'wrongHost'), { server, allow: '127.0.0.1' })).toMatchObject(
      {
        ok: true,
      },
    );
    expect(hostOf(at('wrongHost').requests.at(-1))).toBe(`elsewhere.example:${at('wrongHost').port}`);
    expect(at('wrongHost').serverNames.at(-1)).toBe('elsewhere.example');
  });

  test.each(['wrongHost', 'expired', 'selfSigned', 'unknownAuthority', 'noNames'])(
    'a certificate that is not good is refused: %s',
    async (name) => {
      const egress = openEgress({ allow: 'localhost', after: createManualClock().after, ca: made.ca });
      expect(await exchange(egress, { ...GET, url: urlAt('localhost', name) })).toEqual({
        ok: false,
        failure: { kind: 'tls', certificate: true },
        status: null,
      });
      expect(at(name).requests.filter((request) => hostOf(request)?.startsWith('localhost'))).toEqual([]);
    },
  );

  test('a certificate for the address does not stand for the name', async () => {
    const server = await dns(zone({ 'hook.example.com': ['127.0.0.1'] }));
    expect(await call(urlAt('hook.example.com', 'good'), { server, allow: '127.0.0.1' })).toMatchObject({
      failure: { kind: 'tls', certificate: true },
    });
    expect(await call(urlAt('127.0.0.1', 'good'), { server, allow: '127.0.0.1' })).toMatchObject({
      ok: true,
    });
    expect(at('good').serverNames.at(-1)).toBe('');
  });

  test('threats §5 r13: a port that speaks no TLS says nothing about itself', async () => {
    const egress = openEgress({ allow: 'localhost', after: createManualClock().after });
    const url = `https://localhost:${inside.port}/`;
    expect(await exchange(egress, { ...GET, url })).toMatchObject({
      failure: { kind: 'tls', certificate: false },
    });
  });

  test('threats §5 r12: a handshake that never ends does not outlive the deadline', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    const clock = createManualClock();
    const egress = openEgress({ allow: 'localhost', after: clock.after });
    const { port } = silent.address() as { port: number };
    const calling = exchange(egress, { ...GET, url: `https://localhost:${port}/` });
    await accepted;
    clock.advance(15_000);
    expect(await calling).toMatchObject({ failure: { kind: 'timeout', stage: 'answer' } });
    silent.close();
  });
});

describe('threats §5 r12: headers end, too', () => {
  test.each(['/headers', '/interim', '/upgrade'])('%s', async (path) => {
    const egress = openEgress({ allow: 'localhost', after: createManualClock().after });
    const got = await exchange(egress, { ...GET, url: `http://localhost:${inside.port}${path}` });
    expect(got).toMatchObject({ ok: false, failure: { kind: 'answer' } });
    await inside.quiet();
  });
});

test('threats §5 r12: no connection is left behind, however a call ends', async () => {
  const clock = createManualClock();
  const egress = openEgress({ allow: 'localhost', after: clock.after });
  for (const purpose of ['webhook', 'attachment'] as const) {
    for (const path of ['/status/200', '/endless', '/loop', '/gzip', '/nowhere/302', '/garbage', '/short']) {
      await exchange(egress, { ...GET, purpose, url: `http://localhost:${inside.port}${path}` });
    }
  }
  const stopped = await egress.fetch({ ...GET, url: `http://localhost:${inside.port}/endless` });
  if (stopped.ok) for await (const _ of stopped.answer.body) break;
  await inside.quiet();
  expect(inside.open).toBe(0);
  expect(clock.pending).toBe(0);
});

test('threats §5 r14: an environment that speaks of proxies, or against certificates, is not listened to', async () => {
  const proxy = await startWebStub();
  const elsewhere = `http://127.0.0.1:${proxy.port}`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, 'egress-child.ts'),
      `http://localhost:${inside.port}/status/200`,
      `https://localhost:${at('good').port}/status/200`,
      `https://localhost:${at('selfSigned').port}/status/200`,
    ],
    {
      timeout: CHILD_MS,
      env: {
        ...process.env,
        ...Object.fromEntries(
          ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'].map((name) => [
            name,
            elsewhere,
          ]),
        ),
        NODE_USE_ENV_PROXY: '1',
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
      },
    },
  );
  expect(JSON.parse(stdout)).toMatchObject([
    { ok: true, status: 200 },
    // No authority of the test's is known there.
    { ok: false, failure: { kind: 'tls', certificate: true } },
    { ok: false, failure: { kind: 'tls', certificate: true } },
  ]);
  expect(proxy.connections).toBe(0);
  await proxy.close();
});

test('threats §5 r5: the host that was judged is the host that is spoken to, for URLs of every kind', async () => {
  const own = [
    'http://ex%41mple.com./a?b#c',
    'http://B\u00dcCHER.example//x',
    'http://a.example/%2e%2e/%40b',
    'http://x_y.example?q=@z',
  ];
  const file = corpusFile('rust-url/urltestdata.json');
  const rows: readonly unknown[] = file === null ? [] : JSON.parse(file.toString());
  const inputs = rows.flatMap((row) =>
    row !== null && typeof row === 'object' && 'input' in row ? [String(row.input)] : [],
  );
  const asked: string[] = [];
  const egress = openEgress({
    allow: '127.0.0.0/8',
    after: createManualClock().after,
    resolve: async ({ target }) => {
      asked.push(target.host);
      return { ok: true, addresses: ['127.0.0.1'] };
    },
  });
  let spoken = 0;
  for (const input of [...own, ...inputs.map((text) => text.replace(/^[a-z]+:/i, 'http:'))]) {
    // The stub has one port for all.
    const withPort = input.replace(/^(http:\/\/[^/?#:]*)(?::[0-9]*)?/i, `$1:${inside.port}`);
    const judged = judge(withPort, policyOf('127.0.0.0/8'));
    if (!judged.ok || judged.target.address !== null) continue;
    const url = new URL(withPort);
    const authority = url.hostname.replace(/\.$/, '');
    const got = await exchange(egress, { ...GET, url: withPort });
    expect(got, withPort).toMatchObject({ ok: true });
    const request = inside.requests.at(-1);
    expect(asked.at(-1)).toBe(authority);
    expect(hostOf(request)).toBe(`${authority}:${inside.port}`);
    expect(request?.path).toBe(url.pathname + url.search);
    spoken += 1;
  }
  expect(spoken).toBeGreaterThanOrEqual(file === null ? own.length : 100);
});
