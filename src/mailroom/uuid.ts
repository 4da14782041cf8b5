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
  const h = (place: number): string => HEX[random[place] ?? 0] ?? '';
  const time = Math.floor(now).toString(16).padStart(12, '0');
  const version = HEX[0x70 | ((random[0] ?? 0) & 0x0f)];
  const variant = HEX[0x80 | ((random[2] ?? 0) & 0x3f)];
  return (
    `${time.slice(0, 8)}-${time.slice(8)}-${version}${h(1)}-${variant}${h(3)}-` +
    `${h(4)}${h(5)}${h(6)}${h(7)}${h(8)}${h(9)}`
  );
}

/** Two lower-case digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}
