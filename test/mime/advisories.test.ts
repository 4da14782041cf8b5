import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/mime/address.ts';
import { readAddressList } from '../../src/mime/address-list.ts';
import { compose } from '../../src/mime/compose.ts';
import { readHeaderFields } from '../../src/mime/header-fields.ts';
import { expectProportional } from '../support/growth.ts';
import { byteFaults, fieldNames } from '../support/header-reader.ts';
import { bytesOf, latin1, plainMessage } from './message-under-test.ts';
import { fastestOfThree } from './stopwatch.ts';

/**
 * The regression input of each advisory of the composing library that concerns addresses or composing. Rows are counted
 * over the tables of section 17 in the order of the page.
 */
describe('addresses of past advisories', () => {
  const REFUSED: readonly (readonly [row: number, input: string])[] = [
    [9, '"attacker@evil.example x"@internal.example'],
    [16, 'user@good.example(x)evil.example'],
    [17, 'a@\u24D4xample.com'],
    [17, 'a@example\u3002com'],
    [17, 'a@ex\u00adample.com'],
    [17, 'a@ex\u200bample.com'],
    [19, '"user"@example.com(x)evil.example'],
    [20, 'Name <user@example.com(x)evil.example>'],
    [21, 'user@victim.example .allowed.example'],
  ];

  it.each(REFUSED)('threats §17 r%i: %j is refused in a field and in a raw header', (_row, input) => {
    expect([parseAddress(input).ok, readAddressList(input).ok]).toEqual([false, false]);
  });

  it.each([
    [10, 'g:', 100_000],
    [15, 'a@b.example,', 100_000],
    [19, 'a(x)', 100_000],
    [19, 'text without one ', 8_300],
  ])('threats §17 r%i: %j × %i is refused within 50 ms', (_row, piece, times) => {
    const text = piece.repeat(times);
    expect(parseAddress(text).ok).toBe(false);
    expect(fastestOfThree(() => parseAddress(text))).toBeLessThan(50);
  });

  it('threats §17 r7: an address that holds a line break is a defect when it reaches the composer, and throws', async () => {
    const from = { name: 'x', address: 'a@b.example\r\nX-Injected: 1' };
    await expect(compose({ ...plainMessage, from })).rejects.toThrow('header field');
  });
});

describe('composing of past advisories', () => {
  it('threats §17 r8: a data: URI of 100,000 semicolons costs nothing, and nothing is attached', async () => {
    await expectProportional(100_000, async (count) => {
      const html = `<img src="data:${';'.repeat(count)}">`;
      const bytes = await bytesOf(await compose({ ...plainMessage, html }));
      expect(latin1(bytes)).not.toMatch(/Content-Disposition|Content-Id/i);
    });
  });

  it('threats §17 r13: a list comment that would end its field is refused', () => {
    const headers = [['List-Help', 'x)\r\nX-Injected: 1']] as const;
    expect(readHeaderFields({ headers, hasReplyTo: false }).ok).toBe(false);
  });

  it.each([
    ['messageId', { messageId: '<a@b.example>\r\nX-Injected: 1' }],
    ['subject', { subject: 'x\r\nX-Injected: 1' }],
    ['a name', { to: [{ name: 'x\r\nX-Injected: 1', address: 'a@b.example' }] }],
    ['a header name', { headers: [['X-A: 1\r\nX-Injected', 'x']] as const }],
    ['a header value', { headers: [['X-A', 'x\r\nX-Injected: 1']] as const }],
  ])(
    'threats §17 r22: a line break in %s throws or is encoded, and never ends a field',
    async (_place, change) => {
      const bytes = await compose({ ...plainMessage, ...change }).then(bytesOf, () => null);
      if (bytes !== null)
        expect([fieldNames(bytes).includes('x-injected'), byteFaults(bytes)]).toEqual([false, []]);
    },
  );

  it('threats §17 r22: a line break in the boundary throws', async () => {
    await expect(compose({ ...plainMessage, boundary: 'abcdefghijklmnop\r\nX: 1' })).rejects.toThrow(
      'boundary',
    );
  });

  it('threats §17 r22: a bare CR in a body becomes a line end', async () => {
    const bytes = await bytesOf(await compose({ ...plainMessage, text: 'a\rb\r\rc' }));
    expect([byteFaults(bytes), latin1(bytes).endsWith('\r\n\r\na\r\nb\r\n\r\nc\r\n')]).toEqual([[], true]);
  });
});
