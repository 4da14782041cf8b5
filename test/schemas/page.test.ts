import { expect, test } from 'vitest';
import { isUnpaged, readPage } from '../../schemas/page.ts';

const ID = '49A3999C-0CE1-4EA6-AB68-AFCD6DC2E794';

test('a query without parameters is the first page of twenty', () => {
  expect(readPage({})).toEqual({ limit: 20, after: null, before: null });
});

test('a limit becomes a number and a cursor lower case, as ids are stored', () => {
  expect(readPage({ limit: '7', after: ID })).toEqual({ limit: 7, after: ID.toLowerCase(), before: null });
  expect(readPage({ before: ID })).toEqual({ limit: 20, after: null, before: ID.toLowerCase() });
});

test('only a query that asks for no page at all is unpaged', () => {
  expect(isUnpaged({})).toBe(true);
  expect(isUnpaged({ limit: '7' })).toBe(false);
  expect(isUnpaged({ after: ID })).toBe(false);
});
