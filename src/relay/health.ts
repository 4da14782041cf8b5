import type { Condition } from './relay.ts';

/** Failures in a row that open the circuit; of TLS failures, that many mean a wrong setting. */
const FAILURES_TO_BREAK = 5;
/** Pauses before the first, second, … probe of a broken relay; the last one repeats. */
const PROBE_DELAYS_MS = [30_000, 60_000, 120_000, 300_000, 600_000] as const;
const HOLD_PROBE_MS = 600_000;
/** After an outage everything waits at once: begin with one message a second and double it. */
const RAMP_STEP_MS = 10_000;
/** Doublings after which a relay without a configured rate is free again: 1,024 messages a second. */
const RAMP_STEPS = 10;

type Stand =
  | { readonly kind: 'open' }
  /** The relay asked for a rest. */
  | { readonly kind: 'paused'; readonly since: number; readonly until: number; readonly cause: string }
  /** The circuit is open: nothing is claimed until a probe comes through. */
  | {
      readonly kind: 'broken';
      readonly since: number;
      readonly probes: number;
      readonly probeAt: number;
      readonly cause: string;
    }
  /** Credentials, certificate, or refused at the door: only a change or a good probe ends it. */
  | { readonly kind: 'held'; readonly since: number; readonly probeAt: number; readonly cause: string };

/** What is known about one relay. A value: every event gives the next one. */
export interface Health {
  readonly stand: Stand;
  readonly failures: number;
  readonly tlsFailures: number;
  /** Since when the claim rate has been growing back; null when it never had to. */
  readonly rampSince: number | null;
}

export function healthy(): Health {
  return { stand: { kind: 'open' }, failures: 0, tlsFailures: 0, rampSince: null };
}

/** Whether work may be claimed for this relay. */
export function isOpen({ stand }: Health, now: number): boolean {
  return stand.kind === 'open' || (stand.kind === 'paused' && stand.until <= now);
}

/** What a submission or a probe said about the relay. */
export function afterCondition(
  health: Health,
  { condition, now }: { readonly condition: Condition; readonly now: number },
): Health {
  switch (condition.kind) {
    case 'well':
      return afterWell(health, now);
    case 'failure':
      return afterFailure(health, condition, now);
    case 'pause':
      return afterPause(health, { cause: condition.cause, since: now, until: now + condition.forMs });
    case 'hold':
      return hold(health, condition.cause, now);
  }
}

/** The moment of the next probe, or null when there is nothing to find out. */
export function nextProbeAt({ stand }: Health): number | null {
  return stand.kind === 'broken' || stand.kind === 'held' ? stand.probeAt : null;
}

/** Call when a probe begins: the one after it is due as if this one failed, so that there is never a second beside it. */
export function probing(health: Health, now: number): Health {
  const { stand } = health;
  switch (stand.kind) {
    case 'broken': {
      const probes = stand.probes + 1;
      return { ...health, stand: { ...stand, probes, probeAt: now + probeDelay(probes) } };
    }
    case 'held':
      return { ...health, stand: { ...stand, probeAt: now + HOLD_PROBE_MS } };
    case 'open':
    case 'paused':
      return health;
  }
}

/** The operator says that it is mended. */
export function resume(now: number): Health {
  return { ...healthy(), rampSince: now };
}

/** Messages per second that may be claimed now; null is no limit. */
export function claimRate(
  health: Health,
  { configured, now }: { readonly configured: number | null; readonly now: number },
): number | null {
  const since = rampBegan(health);
  if (since === null) return configured;
  // A clock that was set back starts the ramp again rather than ending it.
  const steps = Math.floor(Math.max(now - since, 0) / RAMP_STEP_MS);
  const ramped = 2 ** Math.min(steps, RAMP_STEPS);
  if (configured !== null) return Math.min(ramped, configured);
  return steps >= RAMP_STEPS ? null : ramped;
}

/** For GET /health: where the relay stands, what it said, since when, and until when at least. */
export function describe(
  health: Health,
  now: number,
): {
  readonly state: 'open' | 'paused' | 'broken' | 'held';
  readonly cause: string | null;
  readonly since: number | null;
  readonly until: number | null;
} {
  const { stand } = health;
  if (isOpen(health, now) || stand.kind === 'open') {
    return { state: 'open', cause: null, since: null, until: null };
  }
  return {
    state: stand.kind,
    cause: stand.cause,
    since: stand.since,
    until: stand.kind === 'paused' ? stand.until : stand.probeAt,
  };
}

function afterWell(health: Health, now: number): Health {
  switch (health.stand.kind) {
    case 'open':
      return { ...health, failures: 0, tlsFailures: 0 };
    // A message already under way may still end well after the relay asked for a rest. The rest stands.
    case 'paused':
      return { ...health, failures: 0, tlsFailures: 0 };
    case 'broken':
    case 'held':
      return resume(now);
  }
}

function afterFailure(
  health: Health,
  { cause, tls }: { readonly cause: string; readonly tls?: true },
  now: number,
): Health {
  const counted: Health = {
    ...health,
    failures: health.failures + 1,
    tlsFailures: tls === true ? health.tlsFailures + 1 : 0,
  };
  if (counted.tlsFailures >= FAILURES_TO_BREAK) return hold(counted, `misconfigured: ${cause}`, now);
  if (counted.failures < FAILURES_TO_BREAK || nextProbeAt(health) !== null) return counted;
  return {
    ...counted,
    stand: { kind: 'broken', since: now, probes: 0, probeAt: now + probeDelay(0), cause },
  };
}

/** The relay answered, so it is not down; and a broken or held one is not made better by a pause. */
function afterPause(
  health: Health,
  pause: { readonly cause: string; readonly since: number; readonly until: number },
): Health {
  const { stand } = health;
  if (nextProbeAt(health) !== null) return health;
  const isPaused = stand.kind === 'paused' && stand.until > pause.since;
  const since = isPaused ? stand.since : pause.since;
  const until = isPaused ? Math.max(stand.until, pause.until) : pause.until;
  return {
    ...health,
    failures: 0,
    tlsFailures: 0,
    stand: { kind: 'paused', cause: pause.cause, since, until },
  };
}

function hold(health: Health, cause: string, now: number): Health {
  const { stand } = health;
  const known = stand.kind === 'held' ? stand : { since: now, probeAt: now + HOLD_PROBE_MS };
  return { ...health, stand: { kind: 'held', since: known.since, probeAt: known.probeAt, cause } };
}

function rampBegan({ stand, rampSince }: Health): number | null {
  return stand.kind === 'paused' ? stand.until : rampSince;
}

function probeDelay(probes: number): number {
  return PROBE_DELAYS_MS[Math.min(probes, PROBE_DELAYS_MS.length - 1)] ?? HOLD_PROBE_MS;
}
