/**
 * A reader of header sections that shares nothing with the code under test: the third opinion beside postal-mime and
 * Python. It knows bytes, lines and folds (RFC 5322 §2.2) and nothing about the meaning of a field.
 */
export interface ReadField {
  readonly name: string;
  /** Unfolded, one leading space removed, one character for each byte. */
  readonly value: string;
}

export interface ReadMessage {
  readonly fields: readonly ReadField[];
  /** One character for each byte. */
  readonly body: string;
}

export function readMessage(bytes: Uint8Array): ReadMessage {
  const text = latin1(bytes);
  const end = text.indexOf('\r\n\r\n');
  const section = end < 0 ? text : text.slice(0, end);
  const fields: { name: string; value: string }[] = [];
  for (const line of section.split('\r\n')) {
    const last = fields.at(-1);
    if (last && (line.startsWith(' ') || line.startsWith('\t'))) {
      last.value += line;
      continue;
    }
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`not a field: ${JSON.stringify(line)}`);
    fields.push({ name: line.slice(0, colon), value: line.slice(colon + 1).replace(/^ /, '') });
  }
  return { fields, body: end < 0 ? '' : text.slice(end + 4) };
}

/** The names of all fields, in order, in lower case. */
export function fieldNames(bytes: Uint8Array): readonly string[] {
  return readMessage(bytes).fields.map((field) => field.name.toLowerCase());
}

/** What the oracle Bytes of the threats finds wrong: bare CR, bare LF, NUL, lines over 998 bytes. Empty when all is well. */
export function byteFaults(bytes: Uint8Array): readonly string[] {
  const text = latin1(bytes);
  const faults: string[] = [];
  if (/\r(?!\n)/.test(text)) faults.push('bare CR');
  if (/(?<!\r)\n/.test(text)) faults.push('bare LF');
  if (text.includes('\0')) faults.push('NUL');
  if (text.split('\r\n').some((line) => line.length > 998)) faults.push('line over 998 bytes');
  return faults;
}

export function isSevenBit(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
