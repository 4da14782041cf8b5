import { canaries } from './canaries.ts';
import { CLOCK, CLOCK_SHORT, clock } from './clock.ts';
import { DOT, DOT_SHORT, dot } from './dot.ts';
import type { Report } from './figure.ts';
import { HANGING_LONG, HANGING_SHORT, hanging } from './hanging.ts';
import { IDEMPOTENCY, IDEMPOTENCY_SHORT, idempotency } from './idempotency.ts';
import { INBOUND, INBOUND_SHORT, inbound } from './inbound.ts';
import { KEYS, KEYS_SHORT, keys } from './keys.ts';
import { KILL, KILL_SHORT, kill } from './kill.ts';
import { LIMITS, LIMITS_SHORT, limits } from './limits.ts';
import { matrix } from './matrix.ts';
import { OUTAGE, OUTAGE_SHORT, outage } from './outage.ts';
import { PARSER, PARSER_SHORT, parser } from './parser.ts';
import { prove } from './proof.ts';
import { PROVEN } from './proven.ts';
import { RECOVERY, RECOVERY_SHORT, recovery } from './recovery.ts';
import { SIGTERM, SIGTERM_SHORT, sigterm } from './sigterm.ts';
import { SOAK, SOAK_SHORT, soak } from './soak.ts';
import { ssrf } from './ssrf.ts';
import { STORAGE, STORAGE_SHORT, storage } from './storage.ts';
import { WEBHOOKS, WEBHOOKS_SHORT, webhooks } from './webhooks.ts';

export interface Part {
  /** Of the figures that it shows, in the project's list of figures. */
  readonly numbers: readonly number[];
  readonly long: () => Promise<Report>;
  /** The same with fewer cases. */
  readonly short: () => Promise<Report>;
}

/** What `npm run faults` does, in this order. */
export const PARTS: Readonly<Record<string, Part>> = {
  kill: { numbers: [1, 2], long: () => kill(KILL), short: () => kill(KILL_SHORT) },
  dot: { numbers: [3], long: () => dot(DOT), short: () => dot(DOT_SHORT) },
  storage: { numbers: [4], long: () => storage(STORAGE), short: () => storage(STORAGE_SHORT) },
  matrix: { numbers: [5], long: () => matrix({ isLong: true }), short: () => matrix({ isLong: false }) },
  ...proven('recipients'),
  idempotency: {
    numbers: [7],
    long: () => idempotency(IDEMPOTENCY),
    short: () => idempotency(IDEMPOTENCY_SHORT),
  },
  keys: { numbers: [8], long: () => keys(KEYS), short: () => keys(KEYS_SHORT) },
  webhooks: { numbers: [9], long: () => webhooks(WEBHOOKS), short: () => webhooks(WEBHOOKS_SHORT) },
  ...proven('webhook-schedule'),
  hanging: { numbers: [11], long: () => hanging(HANGING_LONG), short: () => hanging(HANGING_SHORT) },
  outage: { numbers: [12], long: () => outage(OUTAGE), short: () => outage(OUTAGE_SHORT) },
  ...proven('injection'),
  ...proven('smuggling'),
  ...proven('addresses'),
  ...proven('access'),
  ssrf: { numbers: [18], long: ssrf, short: ssrf },
  ...proven('tls'),
  parser: { numbers: [21, 22], long: () => parser(PARSER), short: () => parser(PARSER_SHORT) },
  ...proven('json'),
  ...proven('isolation'),
  canaries: { numbers: [31], long: () => canaries({ rounds: 20 }), short: () => canaries({ rounds: 1 }) },
  limits: { numbers: [33], long: () => limits(LIMITS), short: () => limits(LIMITS_SHORT) },
  sigterm: { numbers: [37], long: () => sigterm(SIGTERM), short: () => sigterm(SIGTERM_SHORT) },
  clock: { numbers: [38], long: () => clock(CLOCK), short: () => clock(CLOCK_SHORT) },
  recovery: { numbers: [39], long: () => recovery(RECOVERY), short: () => recovery(RECOVERY_SHORT) },
  ...proven('advisories'),
  inbound: { numbers: [], long: () => inbound(INBOUND), short: () => inbound(INBOUND_SHORT) },
  soak: { numbers: [36], long: () => soak(SOAK), short: () => soak(SOAK_SHORT) },
};

function proven(name: string): Readonly<Record<string, Part>> {
  const found = PROVEN[name];
  if (found === undefined) throw new Error(`Nothing proves ${name}`);
  const { numbers, claims } = found;
  const run = (isLong: boolean) => () => prove(name, { claims, isLong });
  return { [name]: { numbers, long: run(true), short: run(false) } };
}
