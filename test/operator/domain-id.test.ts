import { expect, test } from 'vitest';
import { domainId } from '../../src/operator/domain-id.ts';
import { sha256 } from '../../src/platform/node/hasher.ts';

test.each([
  ['mine.example', 'da474f91-3e19-81b7-bc92-1da1145a0a2f'],
  ['xn--bcher-kva.example', '38c5fc1e-2a1a-8032-aaa1-27099f51c0bb'],
])('%s has the id that keys are bound to already', (name, id) => {
  expect(domainId(name, sha256)).toBe(id);
});

test('an id is a UUID of version 8, and no two domains share one', () => {
  const ids = ['a.example', 'b.example', 'c.example', 'd.example'].map((name) => domainId(name, sha256));
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(new Set(ids).size).toBe(ids.length);
});
