import { afterAll } from 'vitest';
import { readAllowance } from '../../src/net/allowance.ts';
import { createEgress } from '../../src/net/create-egress.ts';
import { createNodeDriver } from '../../src/platform/node/egress.ts';
import { createResolve } from '../../src/platform/node/resolver.ts';
import { relayTls } from '../../src/platform/node/socket.ts';
import { type EgressHarness, egressContract } from '../contracts/egress.ts';
import { startWebStub } from '../support/web-stub.ts';

const stub = await startWebStub();
afterAll(() => stub.close());

const harness: Omit<EgressHarness, 'egress'> = {
  port: stub.port,
  connections: async () => stub.connections,
  seen: (path) => stub.seen(path),
  async requests(path) {
    const found = stub.requests.filter((request) => request.path === path);
    return { count: found.length, last: found.at(-1) ?? { method: '', headers: {}, body: '' } };
  },
};

function allowance(text: string) {
  const read = readAllowance(text);
  if (!read.ok) throw new Error(read.problems.join());
  return read.allowance;
}

egressContract('Node', {
  ...harness,
  egress: ({ allow, after }) =>
    createEgress({
      policy: { allowance: allowance(allow), own: [], literals: true },
      driver: createNodeDriver({ resolve: createResolve(), tls: relayTls() }),
      after,
    }),
});
