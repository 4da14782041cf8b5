import { describe, expect, test } from 'vitest';
import { bindingOf, laneOf, lanesFor, nextRelay } from '../../src/mailroom/lane.ts';

const THREE = { relays: ['a', 'b', 'c'], clearRelays: [] };
const MIXED = { relays: ['a', 'b', 'c'], clearRelays: ['a'] };
const CLEAR = { relays: ['a', 'b'], clearRelays: ['a', 'b'] };

const lanes = (
  relay: string,
  relays: typeof THREE | typeof MIXED,
  unbound = false,
  insteadOf: string[] = [],
): string[] => lanesFor({ relay, unbound, insteadOf, relays }).toSorted();

describe('lanes', () => {
  test.each([
    { relay: '', pinned: false, secure: false },
    { relay: 'smtp.example.org:587', pinned: true, secure: true },
    { relay: 'a+tls:b', pinned: false, secure: true },
  ])('a binding is read back as it was written: %o', (binding) => {
    expect(bindingOf(laneOf(binding))).toEqual(binding);
  });

  test('a relay takes its own and what is pinned to it; unbound mail only when it is its turn', () => {
    expect(lanes('b', THREE)).toEqual(['any+tls:b', 'any:b', 'pin+tls:b', 'pin:b']);
    expect(lanes('b', THREE, true)).toEqual(['any+tls:', 'any+tls:b', 'any:', 'any:b', 'pin+tls:b', 'pin:b']);
  });

  test('a stand-in takes what waits for the closed relay, but nothing that is pinned there', () => {
    expect(lanes('b', THREE, false, ['c'])).toEqual([
      'any+tls:b',
      'any+tls:c',
      'any:b',
      'any:c',
      'pin+tls:b',
      'pin:b',
    ]);
  });

  test('a relay in the clear takes nothing that insists on TLS', () => {
    expect(lanes('a', MIXED, true, ['b'])).toEqual(['any:', 'any:a', 'any:b', 'pin:a']);
  });

  test('unbound mail that insists on TLS goes to the first relay that is able and open', () => {
    expect(lanes('b', MIXED)).toContain('any+tls:');
    expect(lanes('c', MIXED)).not.toContain('any+tls:');
    expect(lanes('c', MIXED, false, ['b'])).toContain('any+tls:');
  });

  test('where all are in the clear, mail that insists on TLS is taken to be ended', () => {
    expect(lanes('a', CLEAR, true)).toContain('any+tls:');
  });

  test('the simulation takes its own alone', () => {
    expect(lanes('simulated', THREE, true, ['a'])).toEqual(['any:simulated']);
  });

  test.each([
    ['a', false, THREE, { relay: 'b', newRound: false }],
    ['c', false, THREE, { relay: 'a', newRound: true }],
    ['c', true, MIXED, { relay: 'b', newRound: true }],
    ['b', true, MIXED, { relay: 'c', newRound: false }],
    ['a', false, { relays: ['a'], clearRelays: [] }, null],
    ['a', true, { relays: ['a', 'b'], clearRelays: ['b'] }, null],
    ['gone', false, THREE, null],
  ])('after %s (TLS %s) comes the next that is able', (after, secure, relays, expected) => {
    expect(nextRelay({ after, secure, relays })).toEqual(expected);
  });
});
