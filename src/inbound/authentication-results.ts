import type { Authentication, AuthenticationResult } from '../mailroom/received-records.ts';
import type { ParsedField } from '../mime/parsed.ts';

/** Nobody knows who sent it. */
export const NOT_TOLD: Authentication = { spf: null, dkim: null, dmarc: null, source: 'none' };

/** Longer than any that a server writes. */
const MAX_FIELD_CHARACTERS = 32_768;

/** RFC 8601 §2.7. Of several signatures one that is good is enough (RFC 6376 §6.1), so they stand in this order. */
const RESULTS: readonly AuthenticationResult[] = [
  'pass',
  'fail',
  'softfail',
  'neutral',
  'none',
  'temperror',
  'permerror',
  'policy',
];
/** What some wrote before there was a registry. */
const HARD_FAIL = 'hardfail';

/**
 * What the server before us found out, in its own words (RFC 8601). Only the topmost field counts, and only when it names a
 * server that the operator trusts: whatever stands below may have been written by whoever sent the mail.
 *
 * @param trusted TRUSTED_AUTHSERV_IDS, in lower case
 */
export function authenticationTold(
  fields: readonly ParsedField[],
  trusted: readonly string[],
): Authentication {
  const topmost = fields.find(({ name }) => name === 'authentication-results');
  if (topmost === undefined || topmost.value.length > MAX_FIELD_CHARACTERS) return NOT_TOLD;
  const [first = '', ...statements] = cutAtSemicolons(topmost.value);
  const [server = ''] = wordsOf(first);
  if (!trusted.includes(server.toLowerCase())) return NOT_TOLD;
  const found = statements.map(methodOf);
  const best = (wanted: string): AuthenticationResult | null => {
    const results = found.flatMap((one) => (one?.method === wanted ? [one.result] : []));
    return RESULTS.find((result) => results.includes(result)) ?? null;
  };
  return { spf: best('spf'), dkim: best('dkim'), dmarc: best('dmarc'), source: 'header' };
}

/** `method[/version] = result`; what follows are properties. */
function methodOf(
  statement: string,
): { readonly method: string; readonly result: AuthenticationResult } | null {
  const [, method = '', word = ''] =
    /^([a-z0-9-]+)(?: ?\/ ?[0-9]+)? ?= ?([a-z]+)(?![^ ])/i.exec(wordsOf(statement).join(' ')) ?? [];
  const lower = word.toLowerCase();
  const result = RESULTS.find((one) => one === (lower === HARD_FAIL ? 'fail' : lower));
  return result === undefined ? null : { method: method.toLowerCase(), result };
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** In pieces, without comments (RFC 5322 §3.2.2), which nest. A quoted string is taken as it stands, without its quotes. */
function cutAtSemicolons(value: string): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at);
    const isPair = character === '\\' && (isQuoted || depth > 0);
    if (isPair) at += 1;
    if (depth > 0) {
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
    } else if (isQuoted) {
      if (character === '"') isQuoted = false;
      // What is quoted cannot be a statement: its own `=` and `;` mean nothing.
      else piece += /[\s;=]/.test(character) || isPair ? '_' : character;
    } else if (character === '(') {
      depth = 1;
      piece += ' ';
    } else if (character === '"') isQuoted = true;
    else if (character === ';') {
      pieces.push(piece);
      piece = '';
    } else piece += character;
  }
  return [...pieces, piece];
}
