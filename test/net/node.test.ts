import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { exchange } from '../../src/net/exchange.ts';
import { judge } from '../../src/net/policy.ts';
import { corpusFile } from '../support/corpora.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { startWebStub } from '../support/web-stub.ts';
import { policyOf } from './judged.ts';
import { GET, openEgress } from './open-egress.ts';
import { hostOf, ThisMachine } from './this-machine.ts';

const CHILD_MS = 20_000;

const machine = new ThisMachine();
afterAll(() => machine.close());
const inside = await machine.inside();

describe('threats §5 r12: headers end, too', () => {
  test.each(['/headers', '/trailers', '/extensions', '/interim', '/upgrade', '/lengths'])(
    '%s',
    async (path) => {
      const egress = openEgress({ allow: 'localhost', after: createManualClock().after });
      const got = await exchange(egress, { ...GET, url: `http://localhost:${inside.port}${path}` });
      expect(got).toMatchObject({ ok: false, failure: { kind: 'answer' } });
      await inside.quiet();
    },
  );
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

test('a server is told that its connection will not be kept', async () => {
  const egress = openEgress({ allow: 'localhost', after: createManualClock().after });
  await exchange(egress, { ...GET, url: `http://localhost:${inside.port}/status/201` });
  expect(inside.requests.at(-1)?.headers).toMatchObject({ connection: 'close' });
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
      `https://localhost:${(await machine.secure('good')).port}/status/200`,
      `https://localhost:${(await machine.secure('selfSigned')).port}/status/200`,
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
