import { describe, expect, it } from 'vitest';
import { House } from '../support/house.ts';
import { hangs, hangsAfterDot, takes } from '../support/scripted-relay.ts';

/** A promise that is never kept: what waits for it has died. */
const dead = <T>(): Promise<T> => new Promise(() => {});

const KEY = 't/default/0123abcd';

interface Point {
  /** delivery.md section 14: killed between … and … */
  readonly between: string;
  /** Makes the first life stop there. */
  readonly die: (house: House) => void;
  /** What has happened by then. */
  readonly reached: (house: House) => boolean;
  readonly afterwards: 'sent' | 'unknown';
  /** Dots that have left when all is over, under the policy `once`. */
  readonly dots: number;
}

const POINTS: readonly Point[] = [
  {
    between: 'claim and connect (its content was being fetched)',
    die: (house) => {
      house.objects.get = () => dead();
    },
    reached: (house) => house.mailroom().depth({ now: 0 }).oldestDueAt === null,
    afterwards: 'sent',
    dots: 1,
  },
  {
    between: 'connect and the phase `dot`',
    die: (house) => {
      house.relay.script = hangs;
    },
    reached: (house) => house.relay.submitted.length === 1,
    afterwards: 'sent',
    dots: 1,
  },
  {
    between: 'the body and the phase `dot`: asked for, not stored',
    die: (house) => {
      house.overrides.markDot = () => dead();
    },
    reached: (house) => house.relay.submitted.length === 1,
    afterwards: 'sent',
    dots: 1,
  },
  {
    between: 'dot stored and dot sent',
    die: (house) => {
      house.overrides.markDot = async (call) => {
        house.mailroom().markDot(call);
        return dead();
      };
    },
    reached: (house) => composed(house),
    afterwards: 'unknown',
    dots: 1,
  },
  {
    between: 'dot sent and reply',
    die: (house) => {
      house.relay.script = hangsAfterDot;
    },
    reached: (house) => house.relay.carried.length === 1,
    afterwards: 'unknown',
    dots: 2,
  },
  {
    between: 'reply read and settle',
    die: (house) => {
      house.overrides.settle = () => dead();
    },
    reached: (house) => house.relay.carried.length === 1,
    afterwards: 'unknown',
    dots: 2,
  },
];

function composed(house: House): boolean {
  const found = house.mailroom().emails({ page: { limit: 1, after: null, before: null } });
  return found.ok && found.value.items[0]?.composed !== null;
}

describe('killed between', () => {
  it.each(POINTS)('$between: nothing is lost, and nothing goes twice but by the policy', async (point) => {
    const house = new House();
    await house.objects.put(KEY, Buffer.from('{"html":null,"text":"x"}'), { contentType: null });
    const { get } = house.objects;
    point.die(house);
    const id = house.accept({ content: { kind: 'object', key: KEY }, objects: [KEY] });
    await house.until(() => point.reached(house));

    house.objects.get = get;
    delete house.overrides.markDot;
    delete house.overrides.settle;
    house.relay.script = takes;
    await house.restart();
    await house.until(() => house.states(id)[0] === point.afterwards);
    await house.clock.advance(60 * 60_000);
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.relay.carried).toHaveLength(point.dots);
    expect(house.email(id).recipients[0]?.maybeDuplicate).toBe(point.afterwards === 'unknown');
  });
});
