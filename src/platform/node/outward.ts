import { NOTHING_ALLOWED, readAllowance } from '../../net/allowance.ts';
import { createEgress } from '../../net/create-egress.ts';
import type { Egress } from '../../net/egress.ts';
import { createNodeDriver } from './egress.ts';
import { clock } from './host.ts';
import { createResolve } from './resolver.ts';
import { relayTls } from './socket.ts';

/**
 * The door out to places that callers choose.
 *
 * @param allow EGRESS_ALLOW, which has been read once already.
 * @param own URLs that lead back to us; read at each call, because the listening address is known late.
 */
export function openOutward(parts: {
  readonly allow: string | undefined;
  readonly own: readonly string[];
}): Egress {
  const read = parts.allow === undefined ? null : readAllowance(parts.allow);
  return createEgress({
    policy: {
      allowance: read?.ok === true ? read.allowance : NOTHING_ALLOWED,
      own: parts.own,
      literals: true,
    },
    driver: createNodeDriver({ resolve: createResolve(), tls: relayTls() }),
    after: clock.after,
  });
}
