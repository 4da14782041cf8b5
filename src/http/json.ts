import type { Refusal } from '../../schemas/error.ts';
import { invalidField, malformedBody } from '../../schemas/refusal.ts';
import { type GuardFinding, guardJson, MAX_DEPTH, MAX_ELEMENTS, MAX_KEYS } from './json-guard.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Made once: making one costs more than decoding a small mail. Without `stream` it keeps nothing from call to call. */
const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export type ParsedJson =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly refusal: Refusal };

/**
 * Bytes to a JSON value. UTF-8 strictly (a byte order mark or UTF-16 is no JSON, RFC 8259 §8.1); nothing at all means `{}`,
 * because several clients send action requests so.
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  if (bytes.length === 0) return { ok: true, value: {} };
  const finding = guardJson(bytes, false);
  if (finding.kind !== 'passed') return { ok: false, refusal: malformedBody(findingText(finding)) };
  const value = decode(bytes);
  if (value === undefined) return { ok: false, refusal: malformedBody('It is not JSON in UTF-8.') };
  if (!finding.loneSurrogate) return { ok: true, value };
  return { ok: false, refusal: halfPair(findLoneSurrogate(value, '') || 'body') };
}

export function halfPair(field: string): Refusal {
  return invalidField(field, 'It holds half of a surrogate pair, which is no character.');
}

/** What the guard found, in a sentence. */
export function findingText(finding: Exclude<GuardFinding, { kind: 'passed' }>): string {
  switch (finding.kind) {
    case 'too_deep':
      return `It is nested more than ${MAX_DEPTH} levels deep.`;
    case 'too_many_keys':
      return `It has more than ${MAX_KEYS} keys.`;
    case 'too_many_elements':
      return `It has more than ${MAX_ELEMENTS} list elements.`;
    case 'number_too_large':
      return 'It holds a number that is too large.';
  }
}

function decode(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(utf8(bytes));
  } catch {
    return undefined;
  }
}

/** Strict. `ignoreBOM` keeps the mark in the text, where `JSON.parse` refuses it. */
export function utf8(bytes: Uint8Array): string {
  return STRICT.decode(bytes);
}

/** The path of the first string that is not well formed; of a key, that of its object. Depth is bounded by the guard. */
export function findLoneSurrogate(value: Json, path: string): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : path;
  if (value === null || typeof value !== 'object') return null;
  const array = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    if (!key.isWellFormed()) return path;
    const step = array ? `[${key}]` : path === '' ? key : `.${key}`;
    const found = findLoneSurrogate(item, `${path}${step}`);
    if (found !== null) return found;
  }
  return null;
}

/**
 * The same text for the same value, whatever the order of keys and the white space were (idempotency, section 4).
 *
 * @param digests what stands for values that are not written out
 */
export function canonicalJson(value: Json, digests: ReadonlyMap<unknown, string> = new Map()): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const digest = digests.get(value);
  if (digest !== undefined) return JSON.stringify(digest);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, digests)).join(',')}]`;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, digests)}`).join(',')}}`;
}
