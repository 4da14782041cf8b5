import { readAllowance } from '../../src/net/allowance.ts';
import { createEgress } from '../../src/net/create-egress.ts';
import { createWorkersDriver, DNS_OVER_HTTPS } from '../../src/platform/workers/egress.ts';
import { egressContract } from '../contracts/egress.ts';
import { look, web } from './support/web-window.ts';

egressContract('a Worker', {
  ...web(),
  connections: () => look('/connections'),
  seen: (path) => look(`/seen?path=${encodeURIComponent(path)}`),
  requests: (path) => look(`/requests?path=${encodeURIComponent(path)}`),
  egress: ({ allow, after }) => {
    const read = readAllowance(allow);
    if (!read.ok) throw new Error(read.problems.join());
    return createEgress({
      policy: { allowance: read.allowance, own: [], literals: false },
      driver: createWorkersDriver({ fetch, dns: DNS_OVER_HTTPS }),
      after,
    });
  },
});
