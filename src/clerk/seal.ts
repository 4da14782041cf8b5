import type { EmailRecord } from '../mailroom/records.ts';
import type { Sealed } from '../mime/message.ts';
import { StoreUnavailable, WrongBytes } from '../objects/store.ts';
import type { Prepared, PrepareParts } from './prepare.ts';
import { prepare } from './prepare.ts';

/** As `Prepared`, for those who say what a message is before they hand it out. */
export type SealedMessage =
  | Exclude<Prepared, { kind: 'ready' }>
  | { readonly kind: 'ready'; readonly composed: Sealed };

/**
 * A message whose bytes are known to be the right ones: where its digest comes out only at its end, all of it is read
 * once. Who asks for the message by HTTP gets its digest in a header, and an honest error instead of half a body.
 */
export async function prepareSealed(email: EmailRecord, parts: PrepareParts): Promise<SealedMessage> {
  const prepared = await prepare(email, parts);
  if (prepared.kind !== 'ready') return prepared;
  const { composed } = prepared;
  try {
    const sha256 = composed.sha256 ?? (await digestOf(composed.open(), parts));
    if (email.composed !== null && email.composed.sha256 !== sha256)
      return { kind: 'failed', reason: 'content_changed' };
    return { kind: 'ready', composed: { ...composed, sha256 } };
  } catch (cause) {
    if (cause instanceof WrongBytes) return { kind: 'failed', reason: 'content_changed' };
    if (cause instanceof StoreUnavailable)
      return { kind: 'unavailable', cause: 'object storage is unavailable' };
    throw cause;
  }
}

async function digestOf(pieces: AsyncIterable<Uint8Array>, { hasher }: PrepareParts): Promise<string> {
  const hash = hasher();
  for await (const piece of pieces) hash.update(piece);
  return hash.digest();
}
