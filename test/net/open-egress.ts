import { createEgress } from '../../src/net/create-egress.ts';
import type { After } from '../../src/net/deadline.ts';
import type { EgressDriver } from '../../src/net/driver.ts';
import type { Egress, EgressRequest } from '../../src/net/egress.ts';
import { createNodeDriver } from '../../src/platform/node/egress.ts';
import { createResolve } from '../../src/platform/node/resolver.ts';
import { relayTls } from '../../src/platform/node/socket.ts';
import { policyOf } from './judged.ts';

/** The egress of this host as the front door makes it, with servers and authorities of the test. */
export function openEgress(parts: {
  /** EGRESS_ALLOW; empty: nothing. */
  readonly allow: string;
  readonly after: After;
  /** DNS servers. */
  readonly servers?: readonly string[];
  readonly ca?: string;
  readonly resolve?: EgressDriver['resolve'];
  readonly exchange?: EgressDriver['exchange'];
}): Egress {
  const { servers, ca, exchange } = parts;
  const driver = createNodeDriver({
    resolve: parts.resolve ?? createResolve(servers === undefined ? {} : { servers }),
    tls: relayTls(ca),
  });
  return createEgress({
    policy: policyOf(parts.allow),
    driver: exchange === undefined ? driver : { ...driver, exchange },
    after: parts.after,
  });
}

export const GET: Omit<EgressRequest, 'url'> = {
  purpose: 'attachment',
  method: 'GET',
  headers: {},
  body: null,
  withinMs: 15_000,
  maxBytes: 65_536,
};
