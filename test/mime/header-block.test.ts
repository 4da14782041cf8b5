import { describe, expect, it } from 'vitest';
import { textField } from '../../src/mime/header-block.ts';

const WORD = 'x'.repeat(60);

describe('where a text field breaks its line', () => {
  it.each([
    ['at a single space', `${WORD} ${WORD}`, `X-A: ${WORD}\r\n ${WORD}`],
    ['not at two, of which readers make one', `${WORD}  ${WORD}`, `X-A: ${WORD}  ${WORD}`],
    ['at the next single one instead', `${WORD}  ${WORD} end`, `X-A: ${WORD}  ${WORD}\r\n end`],
    ['not before its first word', 'x'.repeat(90), `X-A: ${'x'.repeat(90)}`],
  ])('%s', (_where, value, written) => {
    expect(textField('X-A', value)).toBe(written);
  });

  it('at several spaces where a line would be longer than 998 characters otherwise', () => {
    const value = Array.from({ length: 20 }, () => WORD).join('  ');
    const written = textField('X-A', value);
    expect(Math.max(...written.split('\r\n').map((line) => line.length))).toBeLessThan(998);
    expect(written.replaceAll('\r\n', '')).toBe(`X-A: ${value}`);
  });
});
