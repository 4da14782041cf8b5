import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog, maskAddresses } from '../../src/operator/log.ts';
import { readSettings } from '../../src/operator/settings.ts';

const ROOT = join(import.meta.dirname, '../..');

function logged(facts: Record<string, string>, secrets: readonly string[] = []): string {
  let text = '';
  const log = createLog({ level: 'debug', secrets, now: () => 0, write: (line) => (text += line) });
  log({ level: 'info', event: 'test', ...facts });
  return text;
}

describe('the log', () => {
  it('a line is JSON with time, level, event and facts', () => {
    expect(JSON.parse(logged({ relay: 'main' }))).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      event: 'test',
      relay: 'main',
    });
  });

  it('lines below the level are not written', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', secrets: [], now: () => 0, write: (line) => lines.push(line) });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) log({ level, event: level });
    expect(lines.map((line) => JSON.parse(line).event)).toEqual(['warn', 'error']);
  });

  it.each([
    ['CR and LF', 'a\r\nb'],
    ['ANSI escapes', '\u001b[2J\u001b]0;title\u0007'],
    ['eight-bit escapes', '\u009b2J'],
    ['line separators', 'a\u2028b\u2029c\u0085d'],
    ['bidirectional marks', 'a\u202eb\u2066c'],
    ['NUL and DEL', 'a\0b\u007f'],
    ['a lone surrogate', '\ud800'],
  ])('threats §13 r3: %s in a value stay one escaped line', (_, value) => {
    const text = logged({ reply: value });
    expect(text.match(/\n/g)).toHaveLength(1);
    expect(text.trimEnd()).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(text).reply).toBe(value);
  });

  it('threats §13 r3: a value of a megabyte is cut', () => {
    expect(logged({ reply: 'x'.repeat(1_000_000) }).length).toBeLessThan(1_000);
  });

  it.each([
    ['ann@example.com', 'a***@example.com'],
    ['to <ann@example.com>, bob@b\u00fccher.example.', 'to <a***@example.com>, b***@b\u00fccher.example.'],
    ['550 <"odd one"@x.example> unknown', '550 <"odd one"@x.example> unknown'],
    ['\u{1f600}smile@example.com', '\u{1f600}***@example.com'],
  ])('threats §13 r1: %j is told as %j', (given, told) => {
    expect(maskAddresses(given)).toBe(told);
    expect(JSON.parse(logged({ cause: given })).cause).toBe(told);
  });

  it.each([
    ['a configured secret', 'x hunter22 y', ['hunter22']],
    ['a token of ours', 'key mw_default_QkufGICUYX1TfGMmhI2mbH0eYKJwf1NmEd9l0k1NFR!', []],
    ['an AUTH line', 'AUTH PLAIN AGNhbmFyeQBodW50ZXIyMg==', []],
    ['a bearer header', 'authorization: Bearer hunter22hunter22hunter22', []],
  ])('threats §13 r1: %s is blotted out', (_, value, secrets) => {
    const text = logged({ cause: value }, secrets);
    expect(text).not.toMatch(/hunter|QkufG|AGNhbm/);
    expect(text).toContain('[secret]');
  });

  it('threats §13 r1: a secret is blotted out before a value is cut, so that no half of one is left', () => {
    for (let before = 480; before < 510; before++) {
      expect(logged({ cause: `${'x'.repeat(before)}hunter22hunter22` }, ['hunter22hunter22'])).not.toContain(
        'hun',
      );
    }
  });

  it('threats §13 r2: nothing in the source turns on a library that prints what is on the wire', () => {
    const files = globSync('src/**/*.ts', { cwd: ROOT });
    expect(files.length).toBeGreaterThan(50);
    // The observer of the SMTP listener counts what it is told of, and writes nothing down (test/platform/smtp-listener.test.ts).
    const talkative = /\b(?:debug|transactionLog|logger):(?!\s*false\b| observer\(sessions\))/;
    expect(files.filter((file) => talkative.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
    const machine = { hostname: 'machine.test' };
    const debugging = { DEBUG: 'true', TRANSACTION_LOG: 'true' };
    expect(readSettings(debugging, machine)).toEqual(readSettings({}, machine));
  });
});
