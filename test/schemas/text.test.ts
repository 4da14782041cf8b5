import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasAtMostBytes, hasAtMostCharacters, isCleanText } from '../../schemas/text.ts';

/** Any string, halves of surrogate pairs included. */
const anyText = fc.string({ unit: 'binary' });

describe('limits of texts', () => {
  test('characters are code points', () => {
    fc.assert(
      fc.property(anyText, fc.nat(40), (text, limit) => {
        expect(hasAtMostCharacters(text, limit)).toBe([...text].length <= limit);
      }),
    );
  });

  test('bytes are those of UTF-8', () => {
    fc.assert(
      fc.property(anyText, fc.nat(80), (text, limit) => {
        expect(hasAtMostBytes(text, limit)).toBe(new TextEncoder().encode(text).length <= limit);
      }),
    );
  });

  test.each(['a', '한국어', '😀', 'tab\there', '\u0085', '\u2028', '\u202e'])(
    '%j may stand in a header',
    (text) => {
      expect(isCleanText(text)).toBe(true);
    },
  );

  test.each([
    '\r',
    '\n',
    '\0',
    '\u0001',
    '\u000b',
    '\u000c',
    '\u001b',
    '\u001f',
    '\u007f',
    '\ud800',
    'a\udc00b',
  ])('%j may not stand in a header', (text) => {
    expect(isCleanText(`x${text}`)).toBe(false);
  });
});
