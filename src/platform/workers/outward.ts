import { NOTHING_ALLOWED, readAllowance } from '../../net/allowance.ts';
import { createEgress } from '../../net/create-egress.ts';
import type { After } from '../../net/deadline.ts';
import type { Egress } from '../../net/egress.ts';
import { deriveKey } from '../../secrets/derive.ts';
import { createSealer, type Sealer } from '../../secrets/sealer.ts';
import { createWorkersDriver, DNS_OVER_HTTPS } from './egress.ts';
import type { WorkerSettings } from './settings.ts';

/** The door out to places that callers choose. */
export function workerEgress(parts: {
  readonly settings: Pick<WorkerSettings, 'EGRESS_ALLOW' | 'PUBLIC_URL'>;
  readonly after: After;
}): Egress {
  const { EGRESS_ALLOW: allow, PUBLIC_URL: own } = parts.settings;
  const read = allow === undefined ? null : readAllowance(allow);
  const allowance = read?.ok === true ? read.allowance : NOTHING_ALLOWED;
  const driver = createWorkersDriver({ fetch: (url, init) => fetch(url, init), dns: DNS_OVER_HTTPS });
  return createEgress({ policy: { allowance, own: [own], literals: false }, driver, after: parts.after });
}

/** Its key is derived when it is first needed: nothing asynchronous may run while a module loads. */
export function workerSealer({ SECRET_KEY: secret }: Pick<WorkerSettings, 'SECRET_KEY'>): Sealer {
  let made: Promise<Sealer> | null = null;
  const sealer = (): Promise<Sealer> => {
    made ??= deriveKey({ secret, purpose: 'webhook secrets' }).then(createSealer);
    return made;
  };
  return {
    seal: async (text, about) => (await sealer()).seal(text, about),
    open: async (sealed, about) => (await sealer()).open(sealed, about),
  };
}
