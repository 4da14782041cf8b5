import { describe, expect, it } from 'vitest';
import { authenticationTold, NOT_TOLD } from '../../src/inbound/authentication-results.ts';
import type { ParsedField } from '../../src/mime/parsed.ts';

const TRUSTED = ['mx.google.com', 'mx.cloudflare.net'];
const field = (value: string): ParsedField => ({ name: 'authentication-results', value });
const told = (...values: readonly string[]) => authenticationTold(values.map(field), TRUSTED);
const found = (spf: unknown, dkim: unknown, dmarc: unknown) => ({ spf, dkim, dmarc, source: 'header' });

describe('Authentication-Results of a trusted server', () => {
  it.each([
    [
      'as Google writes it',
      'mx.google.com; dkim=pass header.i=@a.example header.s=s header.b=AbC; spf=pass (google.com: domain of x@a.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=x@a.example; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=a.example',
      found('pass', 'pass', 'pass'),
    ],
    [
      'with a version and spaces',
      'MX.Google.com 1 ; SPF / 1 = SoftFail ; dmarc = none',
      found('softfail', null, 'none'),
    ],
    ['with nothing to say', 'mx.google.com; none', found(null, null, null)],
    [
      'with several signatures: one that is good is enough',
      'mx.google.com; dkim=fail; dkim=pass; dkim=none',
      found(null, 'pass', null),
    ],
    ['before there was a registry', 'mx.google.com; spf=hardfail', found('fail', null, null)],
    [
      'with a word that nobody knows',
      'mx.google.com; dmarc=bestguesspass action=none; spf=passed',
      found(null, null, null),
    ],
    [
      'with a comment in front',
      '(by us) mx.google.com (really (nested \\) )) ; spf=fail',
      found('fail', null, null),
    ],
    ['quoted', '"mx.google.com"; spf=pass', found('pass', null, null)],
  ])('%s', (_what, value, expected) => {
    expect(told(value)).toEqual(expected);
  });

  it.each([
    ['of nobody', []],
    ['of a server that is not trusted', ['mx.evil.example; spf=pass']],
    ['of a trusted one below another', ['mx.evil.example; spf=pass', 'mx.google.com; spf=pass']],
    ['of a name that begins alike', ['mx.google.com.evil.example; spf=pass', 'mx.google.com; spf=pass']],
    ['that names a trusted one in a comment', ['(mx.google.com; spf=pass) mx.evil.example; spf=pass']],
    ['without an end', [`mx.google.com; ${'('.repeat(40_000)}`]],
  ])('is not believed: %s', (_what, values) => {
    expect(told(...values)).toEqual(NOT_TOLD);
  });

  it.each([
    ['a comment', 'mx.google.com; spf=fail (; spf=pass ;); dkim=none'],
    ['a quoted string', 'mx.google.com; spf=fail reason="; spf=pass;"; dkim=none'],
  ])('takes no statement from %s', (_what, value) => {
    expect(told(value)).toEqual(found('fail', 'none', null));
  });
});
