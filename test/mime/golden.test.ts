import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ATTACHMENTS_VERSION, COMPOSER_VERSION, compose } from '../../src/mime/compose.ts';
import type { Message } from '../../src/mime/message.ts';
import { file } from './files-under-test.ts';
import { bytesOf, latin1 } from './message-under-test.ts';

type StoredFile = Parameters<typeof file>[0] & { readonly content: string };

/** Messages and the bytes that the composer of each version made of them. Never changed: a row may name the version. */
describe.each([COMPOSER_VERSION, ATTACHMENTS_VERSION])('composer %i', (version) => {
  const folder = join(import.meta.dirname, `../fixtures/mime/composer-${version}`);
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));

  /** Made anew at each call, so that nothing is carried from one composing to the next. Files are stored as base64. */
  function message(name: string): Message {
    const stored = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const files: readonly StoredFile[] = stored.attachments ?? [];
    const attachments = files.map((one) => file({ ...one, content: Buffer.from(one.content, 'base64') }));
    return { ...stored, attachments };
  }

  it('has golden messages', () => {
    expect(names.length).toBeGreaterThan(4);
  });

  it.each(names)('makes of %s the bytes it has always made, twice', async (name) => {
    const expected = readFileSync(join(folder, `${name}.eml`)).toString('latin1');
    const composed = await compose(message(name));
    expect(composed.version).toBe(version);
    expect(latin1(await bytesOf(composed))).toBe(expected);
    expect(latin1(await bytesOf(await compose(message(name))))).toBe(expected);
  });
});
