import { describe, expect, test } from 'vitest';
import { failureText, ruleText } from '../../src/net/failure-text.ts';

test('what is said of a refusal is one sentence and names no host', () => {
  const rules = [
    'length',
    'spelling',
    'scheme',
    'credentials',
    'host',
    'own_host',
    'port',
    'literal',
    'address',
  ] as const;
  const texts = rules.map(ruleText);
  expect(new Set(texts).size).toBe(rules.length);
  for (const text of texts) expect(text).toMatch(/^The [^.]+(?:\.[^.]+)*\.$/);
});

describe('threats §5 r13: what is said of a failure does not make us a port scanner', () => {
  test('a closed port, a silent one and one with another protocol read alike', () => {
    const texts = [
      failureText({ kind: 'connect' }),
      failureText({ kind: 'answer' }),
      failureText({ kind: 'tls', certificate: false }),
      failureText({ kind: 'timeout', stage: 'answer', ms: 15_000 }),
      failureText({ kind: 'timeout', stage: 'dns', ms: 15_000 }),
    ];
    expect(new Set(texts).size).toBe(1);
  });

  test('a name that does not exist and one that leads inside read alike', () => {
    expect(failureText({ kind: 'refused', rule: 'address', hop: 0 })).toBe(failureText({ kind: 'dns' }));
  });

  test('every refusal behind a redirect reads alike', () => {
    const rules = ['scheme', 'host', 'port', 'address'] as const;
    expect(new Set(rules.map((rule) => failureText({ kind: 'refused', rule, hop: 1 }))).size).toBe(1);
  });

  test('what an owner can mend is named', () => {
    expect(failureText({ kind: 'refused', rule: 'port', hop: 0 })).toBe(ruleText('port'));
    expect(failureText({ kind: 'tls', certificate: true })).toMatch(/certificate/);
    expect(failureText({ kind: 'timeout', stage: 'body', ms: 15_000 })).toBe(
      'The answer was not complete after 15 s.',
    );
    expect(failureText({ kind: 'too_large', limit: 10 })).toBe('The answer was larger than 10 bytes.');
    expect(failureText({ kind: 'encoded' })).toMatch(/compressed/);
    expect(failureText({ kind: 'redirect', reason: 'too_many' })).toMatch(/more than 3 times/);
    expect(failureText({ kind: 'redirect', reason: 'location' })).toMatch(/no readable URL/);
    expect(failureText({ kind: 'aborted' })).toMatch(/interrupted/);
  });
});
