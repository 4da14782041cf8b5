import { expect, test } from 'vitest';
import { reasonOf } from '../../src/objects/reason.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';

const full = Object.assign(new Error("ENOSPC: no space left, write '/data/t/default/x'"), { code: 'ENOSPC' });
const missing = Object.assign(new Error('The bucket secret-bucket'), { name: 'NoSuchBucket' });
const wordy = Object.assign(new Error('x'), { name: 'to ann@there.example', code: 'a b' });
const circle = new Error('x');
circle.cause = circle;

test.each([
  [new StoreUnavailable('The object folder cannot be used', { cause: full }), 'ENOSPC'],
  [new StoreUnavailable('down', { cause: new StoreUnavailable('again', { cause: full }) }), 'ENOSPC'],
  [new StoreUnavailable('down', { cause: missing }), 'NoSuchBucket'],
  [new StoreUnavailable('What was put a moment ago is gone'), 'StoreUnavailable'],
  [new StoreUnavailable('down', { cause: wordy }), 'StoreUnavailable'],
  [new StoreUnavailable('down', { cause: 'a text' }), 'StoreUnavailable'],
  [circle, 'Error'],
  ['a text', 'unknown'],
])('of %s the log is told a code, and nothing of its words', (cause, reason) => {
  expect(reasonOf(cause)).toBe(reason);
});
