import { afterAll } from 'vitest';
import { createEgress } from '../../src/net/create-egress.ts';
import { createWorkersDriver } from '../../src/platform/workers/egress.ts';
import type { EgressHarness } from '../contracts/egress/caller.ts';
import { egressContract } from '../contracts/egress.ts';
import { certificates } from '../support/certificates.ts';
import { startWebStub } from '../support/web-stub.ts';
import { policyOf } from './judged.ts';
import { openEgress } from './open-egress.ts';
import { ThisMachine } from './this-machine.ts';

const stub = await startWebStub();
const machine = new ThisMachine();
afterAll(() => Promise.all([stub.close(), machine.close()]));

const { ca } = await certificates();
const secure = {
  good: (await machine.secure('good')).port,
  wrongHost: (await machine.secure('wrongHost')).port,
  unknownAuthority: (await machine.secure('unknownAuthority')).port,
};

const harness: Omit<EgressHarness, 'egress'> = {
  port: stub.port,
  connections: async () => stub.connections,
  seen: (path) => stub.seen(path),
  async requests(path) {
    const found = stub.requests.filter((request) => request.path === path);
    return { count: found.length, last: found.at(-1) ?? { method: '', headers: {}, body: '' } };
  },
};

egressContract('Node', {
  ...harness,
  secure,
  egress: ({ allow, after }) => openEgress({ allow, after, ca }),
});

egressContract("a Worker, on this host's fetch", {
  ...harness,
  egress: ({ allow, after }) =>
    createEgress({
      policy: policyOf(allow, { literals: false }),
      driver: createWorkersDriver({ fetch, dns: 'https://dns.invalid/' }),
      after,
    }),
});
