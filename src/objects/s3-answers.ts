import { WrongBytes } from './store.ts';

/** All that is read of an answer that is no object: a listed page, a thousand of our keys, has some 300 KiB. */
export const ANSWER_BYTES = 4 * 1024 * 1024;

/** S3 gives one to every object, part and copy: a 200 without it comes from somebody else on the way. */
export function etagIn(etag: string | null | undefined): string {
  if (typeof etag !== 'string' || etag === '') throw new Error('The bucket answers without an ETag');
  return etag;
}

/** @param length NaN where there is none */
export function sizeIn(length: number): number {
  if (!Number.isSafeInteger(length) || length < 0) throw new Error('The bucket does not tell a length');
  return length;
}

/**
 * A client that uploads by itself may add Content-Encoding, and S3 keeps it: `fetch` would unpack what is read, and neither length
 * nor hash would be those of the bytes that lie there.
 *
 * @throws WrongBytes
 */
export function refusePacked(encoding: string | null | undefined): void {
  if (/^(identity)?$/i.test(encoding?.trim() ?? '')) return;
  throw new WrongBytes('The bytes are stored as a packing of others');
}
