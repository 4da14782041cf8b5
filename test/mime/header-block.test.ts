import { describe, expect, it } from 'vitest';
import { isFoldable, textField } from '../../src/mime/header-block.ts';

const WORD = 'x'.repeat(60);

describe('a text field', () => {
  it.each([
    ['breaks before a word', `${WORD} ${WORD}`, `X-A: ${WORD}\r\n ${WORD}`],
    ['breaks before several spaces, which stay', `${WORD}  ${WORD}`, `X-A: ${WORD}\r\n  ${WORD}`],
    ['does not break before its first word', 'x'.repeat(90), `X-A: ${'x'.repeat(90)}`],
  ])('%s', (_what, value, written) => {
    expect(textField('X-A', value)).toBe(written);
  });

  it.each([
    ['a word with spaces before it', `a${' '.repeat(600)}${'b'.repeat(800)}`],
    ['a first word with the name', `${'b'.repeat(900)} c`, 'X-'.repeat(60)],
    ['spaces alone', `a${' '.repeat(998)}b`],
  ])('whose line would be too long for %s is encoded', (_what, value, name = 'X-A') => {
    const lines = textField(name, value).split('\r\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
    expect(lines.join('')).toContain('=?utf-8?');
  });

  it('for programs holds no word that is too long with the spaces before it', () => {
    expect(isFoldable(`a${' '.repeat(100)}${'b'.repeat(800)}`)).toBe(true);
    expect(isFoldable(`a${' '.repeat(101)}${'b'.repeat(800)}`)).toBe(false);
  });
});
