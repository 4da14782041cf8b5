import { expect, it } from 'vitest';
import { relayStateLine } from '../../src/clerk/relay-state-line.ts';

it.each([
  ['421 4.7.0 Too many messages about "Invoice 4711"', '421'],
  ['auth: 535 5.7.8 user ann is unknown', 'auth: 535'],
  ['misconfigured: self-signed certificate', 'misconfigured'],
  ['ECONNREFUSED', 'ECONNREFUSED'],
  [null, null],
])('of %j the log says %j: no words of a reply', (cause, said) => {
  expect(relayStateLine('main', { state: 'held', cause })).toEqual({
    level: 'warn',
    event: 'relay_state',
    relay: 'main',
    state: 'held',
    cause: said,
  });
});
