const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Random bytes that one UUID takes. */
export const UUID_RANDOM_BYTES = 10;

/**
 * A version 7 UUID (RFC 9562 §5.7): 48 bits of milliseconds, then 74 random bits.
 *
 * Ordered by time, so that new rows land at the end of an index; 74 random bits, so that no id can be guessed from another.
 */
export function uuidV7({ now, random }: { readonly now: number; readonly random: Uint8Array }): string {
  if (random.length < UUID_RANDOM_BYTES)
    throw new RangeError(`A UUID takes ${UUID_RANDOM_BYTES} random bytes`);
  const bytes = new Uint8Array(16);
  bytes.set(random.subarray(0, UUID_RANDOM_BYTES), 6);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(now / 0x1_0000));
  view.setUint16(4, now % 0x1_0000);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = toHex(bytes);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Two lower-case digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}
