import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAddress } from '../../src/net/address.ts';
import { judge } from '../../src/net/policy.ts';
import { isGlobal } from '../../src/net/special-purpose.ts';
import { corpusFile } from '../support/corpora.ts';
import { PUBLIC } from './judged.ts';

/** URLs out of pieces that mean something to somebody. */
const url = fc
  .array(
    fc.constantFrom(
      'https:',
      'http:',
      '/',
      '//',
      '\\',
      '@',
      ':',
      '.',
      '?',
      '#',
      '%2e',
      '%40',
      'a.example',
      'user',
      '127.0.0.1',
      '127.1',
      '[::1]',
      '[::ffff:7f00:1]',
      'localhost',
      '443',
      '8443',
      '22',
      '\t',
      ' ',
      '\u3002',
      '\u2460',
      '\u00ad',
      '\u200b',
    ),
    { maxLength: 12 },
  )
  .map((pieces) => `https://${pieces.join('')}`);

function holds(text: string): void {
  const judged = judge(text, PUBLIC);
  if (!judged.ok) return;
  const { target } = judged;
  const asGiven = new URL(text);
  const dialled = new URL(target.url);
  expect(dialled.href).toBe(target.url);
  expect(dialled.protocol).toBe('https:');
  expect(dialled.username + dialled.password + dialled.hash).toBe('');
  if (target.address === null) {
    expect(target.host).toBe(asGiven.hostname.replace(/\.$/, ''));
    expect(dialled.hostname).toBe(target.host);
  } else {
    expect(target.address).toEqual(parseAddress(asGiven.hostname));
    expect(isGlobal(target.address)).toBe(true);
    expect(parseAddress(dialled.hostname)).toEqual(target.address);
  }
  expect(Number(dialled.port || 443)).toBe(target.port);
  expect(dialled.pathname + dialled.search).toBe(asGiven.pathname + asGiven.search);
  expect(judge(target.url, PUBLIC)).toEqual({ ok: true, target });
}

test('threats §5 r5: what was judged is what is dialled, however a URL is written', () => {
  fc.assert(fc.property(url, holds), { numRuns: 20_000 });
});

test('threats §5 r5: what was judged is what is dialled, for the URLs of the web platform tests', () => {
  const file = corpusFile('rust-url/urltestdata.json');
  const rows: readonly unknown[] = file === null ? [] : JSON.parse(file.toString());
  const inputs = rows.flatMap((row) =>
    row !== null && typeof row === 'object' && 'input' in row ? [String(row.input)] : [],
  );
  if (file !== null) expect(inputs.length).toBeGreaterThan(800);
  for (const input of inputs) {
    holds(input);
    holds(input.replace(/^[a-z]+:/i, 'https:'));
  }
});
