import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { matches, routingOf } from '../../src/mailroom/match-route.ts';
import { expectProportional } from '../support/growth.ts';

describe('a route matches', () => {
  test.each([
    [{ recipient: 'Support@mine.example' }, 'sUPPORT@mine.example'],
    [{ recipient: 'a+b@mine.example' }, 'a+b@mine.example'],
    [{ domain: 'mine.example' }, 'anybody@mine.example'],
    [{ domain: 'mine.example' }, '"a@b"@mine.example'],
    [{ pattern: '*@mine.example' }, 'a@mine.example'],
    [{ pattern: 'support+*@mine.example' }, 'SUPPORT+17@mine.example'],
    [{ pattern: 'support+*@mine.example' }, 'support+@mine.example'],
    [{ pattern: '*-in@*.mine.example' }, 'shop-in@eu.mine.example'],
    [{ pattern: 'a*b*c@d' }, 'abc@d'],
    [{ pattern: 'a*b*c@d' }, 'a-b-b-c@d'],
    [{ pattern: '*aa@d' }, 'aaa@d'],
    [{ pattern: '**@*' }, 'a@d'],
    [{ pattern: 'a.c@d' }, 'a.c@d'],
  ])('%j: %s', (match, address) => {
    expect(matches(match, address)).toBe(true);
  });

  test.each([
    [{ recipient: 'support@mine.example' }, 'support+17@mine.example'],
    [{ domain: 'mine.example' }, 'a@sub.mine.example'],
    [{ domain: 'mine.example' }, 'a@notmine.example'],
    [{ domain: 'example' }, 'a@mine.example'],
    [{ pattern: 'support+*@mine.example' }, 'support@mine.example'],
    [{ pattern: '*' }, 'a@mine.example'],
    [{ pattern: '*@mine.example' }, '"a@b"@mine.example'],
    [{ pattern: 'a.c@d' }, 'abc@d'],
    [{ pattern: 'a*a@d' }, 'a@d'],
    [{ pattern: '(a+)+@d' }, 'aaaa@d'],
    [{ pattern: 'a*b*c@d' }, 'a-c-b@d'],
  ])('not %j: %s', (match, address) => {
    expect(matches(match, address)).toBe(false);
  });

  it('as the slow way of reading a pattern does, one character after the other', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, letters, (given, text) => {
        expect(matches({ pattern: `${given}@d` }, `${text}@d`)).toBe(slowly(given, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('in time that no pattern can make long', async () => {
    const pattern = `${'*a'.repeat(150)}@d`;
    await expectProportional(100_000, (length) => {
      expect(matches({ pattern }, `${'a'.repeat(length)}b@d`)).toBe(false);
    });
  });
});

function slowly(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) {
    return slowly(pattern.slice(1), text) || (text !== '' && slowly(pattern, text.slice(1)));
  }
  return text !== '' && pattern[0] === text[0] && slowly(pattern.slice(1), text.slice(1));
}

test.each([
  [[], { webhooks: [], forwardTo: [] }],
  [[null], { webhooks: null, forwardTo: [] }],
  [[[{ type: 'store' }]], { webhooks: [], forwardTo: [] }],
  [[[{ type: 'drop' }]], { webhooks: [], forwardTo: [] }],
  [[[{ type: 'webhook', webhookId: 'a' }], null], { webhooks: null, forwardTo: [] }],
  [
    [
      [
        { type: 'webhook', webhookId: 'a' },
        { type: 'forward', to: 'x' },
      ],
      [
        { type: 'webhook', webhookId: 'b' },
        { type: 'webhook', webhookId: 'a' },
        { type: 'forward', to: 'x' },
      ],
    ],
    { webhooks: ['a', 'b'], forwardTo: ['x'] },
  ],
] as const)('recipients with %j ask together for %j', (actions, routing) => {
  expect(routingOf(actions)).toEqual(routing);
});
