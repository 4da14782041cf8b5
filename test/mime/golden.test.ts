import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMPOSER_VERSION, compose } from '../../src/mime/compose.ts';
import { bytesOf, latin1 } from './message-under-test.ts';

/** Messages and the bytes that the composer of this version made of them. Never changed: a row may name the version. */
const FOLDER = join(import.meta.dirname, `../fixtures/mime/composer-${COMPOSER_VERSION}`);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

describe(`composer ${COMPOSER_VERSION}`, () => {
  it('has golden messages', () => {
    expect(names.length).toBeGreaterThan(5);
  });

  it.each(names)('makes of %s the bytes it has always made, twice', async (name) => {
    const message = () => JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'));
    const expected = readFileSync(join(FOLDER, `${name}.eml`)).toString('latin1');
    expect(latin1(await bytesOf(await compose(message())))).toBe(expected);
    expect(latin1(await bytesOf(await compose(message())))).toBe(expected);
  });
});
