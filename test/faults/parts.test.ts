import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { holds } from './figure.ts';
import { PARTS } from './parts.ts';
import { PROVEN } from './proven.ts';

/** Some seconds each, and what a busy machine makes of them. */
const WITHIN_MS = 180_000;
const ROOT = join(import.meta.dirname, '../..');

/** Those that say nothing about time, and need nothing but this project. Others have tests of their own, or run at length. */
const RULES: Readonly<Record<string, string>> = {
  dot: 'a relay that drops the connection after the dot gets a mail once more at most, marked, and with `never` not at all',
  matrix: 'whatever goes wrong at a step of SMTP, state, attempts and events are those of the table',
  keys: 'an idempotency key lives for 24 h, over restarts',
  outage: 'after an outage mail goes out at the configured rate and not at once, and none of it twice',
  clock: 'a clock that is set an hour on or back loses nothing, sends nothing twice and forgets no key',
  canaries: 'secrets and personal data are in no log, no error and no file that they do not belong in',
  inbound: 'mail that was acknowledged before `kill -9` is there byte for byte, and once',
};

describe('in short', () => {
  test.each(Object.entries(RULES))(
    '%s: %s',
    async (name) => {
      const report = await PARTS[name]?.short();
      expect(report?.evidence).toEqual([]);
      expect(report?.figures.filter((figure) => !holds(figure))).toEqual([]);
    },
    WITHIN_MS,
  );

  test(
    'ssrf: what leads inside is refused, and no packet goes there',
    async (context) => {
      const report = await PARTS['ssrf']?.short();
      const [reason = ''] = report?.evidence ?? [];
      if (reason.includes('not permitted')) context.skip(reason);
      expect(report?.evidence).toEqual([]);
      expect(report?.figures.filter((figure) => !holds(figure))).toEqual([]);
    },
    WITHIN_MS,
  );
});

describe('a figure that tests of the rooms prove', () => {
  const claims = Object.values(PROVEN).flatMap((one) => one.claims);

  test.each(claims)('names tests that are there: $figure', ({ files, named }) => {
    for (const file of files) expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    const titles = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
    expect(named === undefined || named.test(titles)).toBe(true);
  });
});
