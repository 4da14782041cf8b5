/** RFC 6376 §6.1 lets a verifier stop somewhere: each signature may ask for the whole body to be hashed once more. */
const MAX_SIGNATURES = 5;
/** Threats section 7: a header of megabytes costs a reader seconds. */
const MAX_HEADER_BYTES = 256 * 1024;

/** The header does not end within what is read of it. */
export class HeaderTooLong extends Error {
  override readonly name = 'HeaderTooLong';
}

/**
 * The same mail with its first few DKIM signatures and without those of ARC, which nobody asks for. Every other byte is as
 * it was; a signature covers no other signature unless it names it.
 *
 * @throws HeaderTooLong
 */
export async function* withFewSignatures(raw: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let header = Buffer.alloc(0);
  let isInBody = false;
  for await (const piece of raw) {
    if (isInBody) {
      yield piece;
      continue;
    }
    header = Buffer.concat([header, piece]);
    const end = header.indexOf('\r\n\r\n', 0, 'latin1');
    if (end < 0 && header.length <= MAX_HEADER_BYTES) continue;
    if (end < 0 || end > MAX_HEADER_BYTES) throw new HeaderTooLong();
    isInBody = true;
    yield thinned(header.subarray(0, end + 2));
    yield header.subarray(end + 2);
  }
  if (!isInBody) yield thinned(header);
}

function thinned(header: Buffer): Buffer {
  const fields = header.toString('latin1').split(/(?<=\r\n)(?![ \t])/);
  let signatures = 0;
  const kept = fields.filter((field) => {
    if (/^arc-/i.test(field)) return false;
    if (!/^dkim-signature[ \t]*:/i.test(field)) return true;
    signatures += 1;
    return signatures <= MAX_SIGNATURES;
  });
  return Buffer.from(kept.join(''), 'latin1');
}
