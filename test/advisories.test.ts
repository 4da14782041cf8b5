import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

/** The lowest versions without a known defect that reaches us (threats section 17). */
const LOWEST: Readonly<Record<string, string>> = {
  nodemailer: '10.6.0',
  'postal-mime': '3.0.1',
  hono: '4.13.5',
  '@hono/node-server': '2.0.10',
  mailparser: '3.9.14',
  'linkify-it': '5.0.2',
};

/** Copies that the SDK under test brings for itself, to read mail with; nothing of ours calls it. */
const OF_OTHERS: readonly string[] = ['node_modules/resend/node_modules/postal-mime'];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

const ROOT = join(import.meta.dirname, '..');
const { packages }: Lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const copies = Object.entries(packages).flatMap(([path, { version }]) => {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const isOurs = name in LOWEST && !OF_OTHERS.includes(path);
  return version !== undefined && isOurs ? [[path, name, version] as const] : [];
});

function isBelow(version: string, lowest: string): boolean {
  const numbers = (text: string): readonly number[] => text.split(/[.-]/).slice(0, 3).map(Number);
  const [one, other] = [numbers(version), numbers(lowest)];
  const place = one.findIndex((number, index) => number !== other[index]);
  return place !== -1 && (one[place] ?? 0) < (other[place] ?? 0);
}

describe('no copy in the tree is older than the advisories allow', () => {
  test.each(copies)('%s', (_, name, version) => {
    expect([version, isBelow(version, LOWEST[name] ?? '')]).toEqual([version, false]);
  });

  test('the packages that read and write mail and serve HTTP are among them', () => {
    const names = new Set(copies.map(([, name]) => name));
    for (const name of ['nodemailer', 'postal-mime', 'hono', '@hono/node-server'])
      expect(names).toContain(name);
  });

  test.each([
    ['10.5.9', '10.6.0', true],
    ['10.6.0', '10.6.0', false],
    ['9.9.9', '10.0.0', true],
    ['10.10.0', '10.6.0', false],
    ['4.13.5', '4.13.5', false],
  ])('%s is below %s: %s', (version, lowest, expected) => {
    expect(isBelow(version, lowest)).toBe(expected);
  });
});
