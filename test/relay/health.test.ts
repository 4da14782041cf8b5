import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  afterCondition,
  claimRate,
  describe as describeHealth,
  type Health,
  healthy,
  isOpen,
  nextProbeAt,
  probing,
  resume,
} from '../../src/relay/health.ts';
import type { Condition } from '../../src/relay/relay.ts';
import { holds } from './support.ts';

const SECOND = 1_000;
const MINUTE = 60_000;
const T0 = 1_700_000_000_000;

const WELL: Condition = { kind: 'well' };
const FAILURE: Condition = { kind: 'failure', cause: 'connection reset' };
const TLS_FAILURE: Condition = { kind: 'failure', cause: 'handshake', tls: true };
const PAUSE: Condition = { kind: 'pause', cause: '421 busy', forMs: MINUTE };
const HOLD: Condition = { kind: 'hold', cause: '535 who are you' };

function having(health: Health, conditions: readonly Condition[], now = T0): Health {
  return conditions.reduce((state, condition) => afterCondition(state, { condition, now }), health);
}

const times = (count: number, condition: Condition): readonly Condition[] =>
  Array.from({ length: count }, () => condition);

describe('The circuit', () => {
  it('opens at the fifth failure in a row, and nothing is claimed any more', () => {
    expect(isOpen(having(healthy(), times(4, FAILURE)), T0)).toBe(true);
    const broken = having(healthy(), times(5, FAILURE));
    expect(isOpen(broken, T0)).toBe(false);
    expect(describeHealth(broken, T0)).toEqual({
      state: 'broken',
      cause: 'connection reset',
      since: T0,
      until: T0 + 30 * SECOND,
    });
  });

  it.each([
    ['a message that went well', WELL],
    ['a pause, which is an answer', PAUSE],
  ])('counts anew after %s', (_, between) => {
    const health = having(healthy(), [...times(4, FAILURE), between, ...times(4, FAILURE)]);
    expect(describeHealth(health, T0 + 2 * MINUTE).state).toBe('open');
  });

  it('is probed after 30 s, 1, 2, 5, 10 minutes, then every 10', () => {
    let health = having(healthy(), times(5, FAILURE));
    let now = T0;
    const waits: number[] = [];
    for (let probe = 0; probe < 8; probe += 1) {
      const next = nextProbeAt(health) ?? 0;
      waits.push((next - now) / SECOND);
      now = next;
      health = afterCondition(probing(health, now), { condition: FAILURE, now });
      expect(isOpen(health, now)).toBe(false);
    }
    expect(waits).toEqual([30, 60, 120, 300, 600, 600, 600, 600]);
  });

  it('is not probed twice at once: a probe under way has moved the next one', () => {
    const health = probing(having(healthy(), times(5, FAILURE)), T0 + 30 * SECOND);
    expect(nextProbeAt(health)).toBe(T0 + 90 * SECOND);
  });

  it('late failures of messages under way do not move the probe', () => {
    const health = having(having(healthy(), times(5, FAILURE)), times(3, FAILURE), T0 + 20 * SECOND);
    expect(nextProbeAt(health)).toBe(T0 + 30 * SECOND);
  });

  it('closes when a probe goes well', () => {
    const health = afterCondition(having(healthy(), times(5, FAILURE)), {
      condition: WELL,
      now: T0 + 30 * SECOND,
    });
    expect(isOpen(health, T0 + 30 * SECOND)).toBe(true);
    expect(nextProbeAt(health)).toBeNull();
  });
});

describe('After an outage the claim rate grows back', () => {
  const closed = afterCondition(having(healthy(), times(5, FAILURE)), { condition: WELL, now: T0 });

  test.each([
    [0, 1],
    [9.999, 1],
    [10, 2],
    [20, 4],
    [30, 8],
    [50, 32],
    [60, 50],
    [600, 50],
  ])('after %d s it is %d/s of 50', (seconds, rate) => {
    expect(claimRate(closed, { configured: 50, now: T0 + seconds * SECOND })).toBe(rate);
  });

  it('a relay without a rate is free again at the end', () => {
    expect(claimRate(closed, { configured: null, now: T0 })).toBe(1);
    expect(claimRate(closed, { configured: null, now: T0 + 90 * SECOND })).toBe(512);
    expect(claimRate(closed, { configured: null, now: T0 + 100 * SECOND })).toBeNull();
  });

  it('a clock that is set back begins the ramp again, and never ends it', () => {
    expect(claimRate(closed, { configured: 50, now: T0 - 3_600 * SECOND })).toBe(1);
  });

  it('a relay that was never down has its whole rate', () => {
    expect(claimRate(healthy(), { configured: 50, now: T0 })).toBe(50);
    expect(claimRate(healthy(), { configured: null, now: T0 })).toBeNull();
  });

  it('a slower configured rate is never exceeded', () => {
    expect(claimRate(closed, { configured: 0.5, now: T0 })).toBe(0.5);
  });
});

describe('A pause', () => {
  const paused = having(healthy(), [PAUSE]);

  it('ends by itself, with a ramp', () => {
    expect(isOpen(paused, T0 + MINUTE - 1)).toBe(false);
    expect(isOpen(paused, T0 + MINUTE)).toBe(true);
    expect(nextProbeAt(paused)).toBeNull();
    expect(claimRate(paused, { configured: null, now: T0 + MINUTE })).toBe(1);
    expect(describeHealth(paused, T0)).toEqual({
      state: 'paused',
      cause: '421 busy',
      since: T0,
      until: T0 + MINUTE,
    });
    expect(describeHealth(paused, T0 + MINUTE).state).toBe('open');
  });

  it('stands, though a message under way went well', () => {
    expect(isOpen(having(paused, [WELL], T0 + SECOND), T0 + 2 * SECOND)).toBe(false);
  });

  it('is prolonged by another, never shortened', () => {
    const longer = having(paused, [PAUSE], T0 + 30 * SECOND);
    expect(isOpen(longer, T0 + 80 * SECOND)).toBe(false);
    const shorter = having(paused, [{ ...PAUSE, forMs: SECOND }], T0 + SECOND);
    expect(isOpen(shorter, T0 + 30 * SECOND)).toBe(false);
  });

  it('does not reopen a circuit, nor end a hold', () => {
    for (const closed of [having(healthy(), times(5, FAILURE)), having(healthy(), [HOLD])]) {
      expect(isOpen(having(closed, [PAUSE]), T0 + 2 * MINUTE)).toBe(false);
    }
  });
});

describe('A hold', () => {
  const held = having(healthy(), [HOLD]);

  it('shows its reason and is probed every ten minutes', () => {
    expect(describeHealth(held, T0)).toEqual({
      state: 'held',
      cause: '535 who are you',
      since: T0,
      until: T0 + 10 * MINUTE,
    });
    const probed = having(probing(held, T0 + 10 * MINUTE), [HOLD], T0 + 10 * MINUTE);
    expect(nextProbeAt(probed)).toBe(T0 + 20 * MINUTE);
    expect(describeHealth(probed, T0 + 10 * MINUTE).since).toBe(T0);
  });

  it('is not ended by time', () => {
    expect(isOpen(held, T0 + 1_000 * MINUTE)).toBe(false);
  });

  it('ends when a probe goes well, or when the operator says so', () => {
    expect(isOpen(having(held, [WELL]), T0)).toBe(true);
    expect(isOpen(resume(T0), T0)).toBe(true);
    expect(claimRate(resume(T0), { configured: null, now: T0 })).toBe(1);
  });

  it('follows from five failures in a row in the handshake: one host cannot tell why', () => {
    expect(describeHealth(having(healthy(), times(4, TLS_FAILURE)), T0).state).toBe('open');
    const health = having(healthy(), times(5, TLS_FAILURE));
    expect(describeHealth(health, T0)).toMatchObject({ state: 'held', cause: 'misconfigured: handshake' });
  });

  it('but five failures of which one is another are an outage', () => {
    const health = having(healthy(), [...times(3, TLS_FAILURE), FAILURE, TLS_FAILURE]);
    expect(describeHealth(health, T0).state).toBe('broken');
  });

  it('and probes of a broken relay count on', () => {
    const broken = having(healthy(), [FAILURE, ...times(4, TLS_FAILURE)]);
    expect(describeHealth(broken, T0).state).toBe('broken');
    expect(describeHealth(having(broken, [TLS_FAILURE]), T0).state).toBe('held');
  });
});

describe('Whatever happens', () => {
  const condition = fc.constantFrom(WELL, FAILURE, TLS_FAILURE, PAUSE, HOLD);
  const step = fc.record({ condition, wait: fc.nat(20 * MINUTE), probe: fc.boolean() });

  it('a relay that is closed has a moment at which it is looked at again, at most ten minutes away', () => {
    holds(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let health = healthy();
        let now = T0;
        for (const { condition, wait, probe } of steps) {
          now += wait;
          if (probe && (nextProbeAt(health) ?? Number.POSITIVE_INFINITY) <= now)
            health = probing(health, now);
          health = afterCondition(health, { condition, now });
          const { state, until } = describeHealth(health, now);
          expect(isOpen(health, now)).toBe(state === 'open');
          if (state !== 'open') expect((until ?? Number.NaN) - now).toBeLessThanOrEqual(10 * MINUTE);
          const rate = claimRate(health, { configured: 7, now });
          expect(rate !== null && rate > 0 && rate <= 7).toBe(true);
        }
      }),
      500,
    );
  });
});
