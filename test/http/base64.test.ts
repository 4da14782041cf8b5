import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64 } from '../../src/http/base64.ts';

const text = (given: string): string | null => {
  const bytes = decodeBase64(given);
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
};

test('every list of bytes comes back, with line breaks or without', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 80 }), (bytes, width) => {
      const encoded = Buffer.from(bytes).toString('base64');
      expect(decodeBase64(encoded)).toEqual(bytes);
      expect(decodeBase64(encoded.replace(new RegExp(`.{${width}}`, 'g'), '$&\r\n'))).toEqual(bytes);
    }),
  );
});

test.each([
  ['', ''],
  ['aGk=', 'hi'],
  ['YQ==', 'a'],
  ['YWI=', 'ab'],
  ['YWJj', 'abc'],
  ['YW\nJj\r\n', 'abc'],
  ['+/+/', '\xfb\xff\xbf'],
])('%j is %j', (given, expected) => {
  expect(text(given)).toBe(expected);
});

describe('what is not quite base64 is none', () => {
  test.each([
    'Y',
    'YQ',
    'YQ=',
    'YQ===',
    'YQ==YQ==',
    '=',
    '====',
    'YQ=\n',
    'Y=Q=',
    '-_-_',
    'YW Jj',
    'YWJj!',
    'YWJé',
    'YR==',
    'YWJ='.replace('J', 'L'),
    'data:text/plain;base64,aGk=',
  ])('%j', (given) => {
    expect(text(given)).toBeNull();
  });
});
