import { MAX_LINE_BYTES } from './characters.ts';

const CR = 0x0d;
const LF = 0x0a;

export type LineEnds =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly rule: string };

/**
 * The same lines with CRLF behind each, the last one included. A bare CR or LF is a line end too: passed on, some servers
 * take it for one and others do not, and then a line with a dot ends the message for some (threats section 2).
 *
 * Lines over 998 bytes and NUL are refused: breaking the one or dropping the other would change what was signed.
 */
export function withCrlf(given: Uint8Array<ArrayBuffer>): LineEnds {
  let extra = 0;
  let lineStart = 0;
  let line = 1;
  const refusedAt = (end: number): LineEnds | null =>
    end - lineStart > MAX_LINE_BYTES
      ? { ok: false, rule: `Line ${line} is longer than ${MAX_LINE_BYTES} bytes.` }
      : null;
  for (let at = 0; at < given.length; at += 1) {
    const byte = given[at];
    if (byte === 0) return { ok: false, rule: `Line ${line} holds a NUL byte.` };
    if (byte !== CR && byte !== LF) continue;
    const refused = refusedAt(at);
    if (refused) return refused;
    if (byte === CR && given[at + 1] === LF) at += 1;
    else extra += 1;
    lineStart = at + 1;
    line += 1;
  }
  const refused = refusedAt(given.length);
  if (refused) return refused;
  const isUnended = lineStart < given.length;
  if (extra === 0 && !isUnended) return { ok: true, bytes: given };
  return { ok: true, bytes: rewritten(given, given.length + extra + (isUnended ? 2 : 0)) };
}

function rewritten(given: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let to = 0;
  for (let at = 0; at < given.length; at += 1) {
    const byte = given[at] ?? 0;
    if (byte !== CR && byte !== LF) {
      bytes[to] = byte;
      to += 1;
      continue;
    }
    if (byte === CR && given[at + 1] === LF) at += 1;
    bytes[to] = CR;
    bytes[to + 1] = LF;
    to += 2;
  }
  if (to < size) bytes.set([CR, LF], to);
  return bytes;
}
