import type { Refusal } from '../../schemas/error.ts';
import { invalidIdempotencyKey } from '../../schemas/refusal.ts';
import { MAX_IDEMPOTENCY_KEY } from '../../schemas/send-headers.ts';
import type { IdempotencyClaim } from '../mailroom/mailroom.ts';
import type { Hasher } from '../objects/hasher.ts';
import { sha256Hex } from './digest.ts';
import { canonicalJson, type Json } from './json.ts';
import { contentsIn } from './send-json.ts';

const HEADER = 'idempotency-key';
const SWITCH_PREFIX = 'x-mailwright-';

export type KeyReading =
  | { readonly ok: true; readonly key: string | null }
  | { readonly ok: false; readonly refusal: Refusal };

/** The key as its sender wrote it: header values arrive as one character per byte, and keys may be any visible text. */
export function readIdempotencyKey(headers: Headers): KeyReading {
  const given = headers.get(HEADER);
  if (given === null) return { ok: true, key: null };
  const key = asUtf8(given).trim();
  const characters = [...key].length;
  return characters < 1 || characters > MAX_IDEMPOTENCY_KEY
    ? { ok: false, refusal: invalidIdempotencyKey() }
    : { ok: true, key };
}

function asUtf8(bytes: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Uint8Array.from(bytes, (unit) => unit.charCodeAt(0)),
    );
  } catch {
    return bytes; // Latin-1 after all
  }
}

/**
 * What makes two requests the same: endpoint, batch mode, our switches (those in headers too) and the body as a value. The
 * key itself is no part of it.
 */
export async function fingerprint(request: {
  readonly endpoint: string;
  readonly mode: string;
  readonly headers: Headers;
  readonly body: Json | Uint8Array<ArrayBuffer>;
  readonly hasher: () => Hasher;
}): Promise<string> {
  const { endpoint, mode, headers, body, hasher } = request;
  const switches = [...headers].filter(([name]) => name.startsWith(SWITCH_PREFIX)).toSorted();
  const isBytes = body instanceof Uint8Array;
  const asked = isBytes ? { sha256: await sha256Hex(body) } : { json: body };
  const digests = isBytes ? new Map() : await digestsIn(body, hasher);
  const text = canonicalJson({ endpoint, mode, switches, ...asked }, digests);
  return await sha256Hex(new TextEncoder().encode(text));
}

/** A file of 25 MiB is told by its digest: there is no need for another text of it. */
async function digestsIn(body: Json, hasher: () => Hasher): Promise<ReadonlyMap<unknown, string>> {
  const digests = new Map<unknown, string>();
  for (const content of contentsIn(body)) {
    digests.set(content, `${content.form} ${await content.sha256(hasher)}`);
  }
  return digests;
}

export async function claimOf(
  key: string | null,
  request: Parameters<typeof fingerprint>[0],
): Promise<IdempotencyClaim | null> {
  return key === null ? null : { key, endpoint: request.endpoint, fingerprint: await fingerprint(request) };
}
