import { BrokenBody, type Egress, type EgressFailure, type EgressRequest } from './egress.ts';

/** An answer with all of its body, or with its first `maxBytes` where the purpose cuts. */
export type Exchange =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly url: string;
      readonly bytes: Uint8Array;
    }
  /** `status` is what came before the body broke off; null when no answer came. */
  | { readonly ok: false; readonly failure: EgressFailure; readonly status: number | null };

/** A whole call with its answer in memory, for answers that are small: `maxBytes` of it are kept at most. */
export async function exchange(egress: Egress, request: EgressRequest): Promise<Exchange> {
  const result = await egress.fetch(request);
  if (!result.ok) return { ok: false, failure: result.failure, status: null };
  const { status, headers, url, body } = result.answer;
  try {
    return { ok: true, status, headers, url, bytes: await collected(body) };
  } catch (error) {
    if (error instanceof BrokenBody) return { ok: false, failure: error.failure, status };
    throw error;
  }
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.length;
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
