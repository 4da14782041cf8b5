import type { Report } from './figure.ts';
import { IDEMPOTENCY, IDEMPOTENCY_SHORT, idempotency } from './idempotency.ts';
import { KILL, KILL_SHORT, kill } from './kill.ts';
import { SIGTERM, SIGTERM_SHORT, sigterm } from './sigterm.ts';
import { WEBHOOKS, WEBHOOKS_SHORT, webhooks } from './webhooks.ts';

export interface Part {
  readonly long: () => Promise<Report>;
  /** The same with fewer cases. */
  readonly short: () => Promise<Report>;
}

/** What `npm run faults` does, in this order. */
export const PARTS: Readonly<Record<string, Part>> = {
  kill: { long: () => kill(KILL), short: () => kill(KILL_SHORT) },
  sigterm: { long: () => sigterm(SIGTERM), short: () => sigterm(SIGTERM_SHORT) },
  idempotency: { long: () => idempotency(IDEMPOTENCY), short: () => idempotency(IDEMPOTENCY_SHORT) },
  webhooks: { long: () => webhooks(WEBHOOKS), short: () => webhooks(WEBHOOKS_SHORT) },
};
