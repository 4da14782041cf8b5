import { MAX_BATCH } from './batch.ts';
import type { Refusal } from './error.ts';
import { wrongBodyType } from './refusal.ts';

export type ReadBatch =
  | { readonly ok: true; readonly items: readonly unknown[] }
  | { readonly ok: false; readonly refusal: Refusal };

/** The items of a batch, each still to be read by `readSend`: one bad item must not hide the others from permissive mode. */
export function readBatch(body: unknown): ReadBatch {
  if (Array.isArray(body) && body.length >= 1 && body.length <= MAX_BATCH) return { ok: true, items: body };
  return { ok: false, refusal: wrongBodyType(`An array of 1 to ${MAX_BATCH} e-mails is expected.`) };
}
