const TILDE = 0x7e;
const LF = 0x0a;

/**
 * HZ-GB-2312 (RFC 1843): `~{` begins pairs of GB 2312, `~}` ends them, `~~` is a tilde, a tilde at the end of a line takes the
 * line end back. The runtimes refuse the label, because a page may hide a script in it; here the text only is shown.
 */
export function decodeHz(bytes: Uint8Array): string {
  const out = new Uint8Array(bytes.length);
  let to = 0;
  let isChinese = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const next = bytes[at + 1];
    if (byte === LF) isChinese = false; // RFC 1843 §2: no pair reaches beyond its line
    if (byte === TILDE && !isChinese && (next === TILDE || next === LF || next === 0x7b)) {
      if (next === TILDE) out[to++] = TILDE;
      isChinese = next === 0x7b;
      at += 1;
    } else if (byte === TILDE && isChinese && next === 0x7d) {
      isChinese = false;
      at += 1;
    } else if (isChinese && byte > 0x20 && byte < TILDE && next !== undefined && next > 0x20) {
      out[to++] = byte | 0x80;
      out[to++] = next | 0x80;
      at += 1;
    } else out[to++] = byte;
  }
  return new TextDecoder('gb18030').decode(out.subarray(0, to));
}
