const ESC = 0x1b;
const SO = 0x0e;
const SI = 0x0f;
const LF = 0x0a;
const CR = 0x0d;

/** The set in use: which decoder takes its characters, how many bytes each has, and what must stand before them for it. */
interface CharacterSet {
  readonly label: string;
  readonly width: 1 | 2;
  /** EUC single shift (0x8e half-width kana, 0x8f JIS X 0212), or 0 for none. */
  readonly shift: number;
}

const ASCII: CharacterSet = { label: 'windows-1252', width: 1, shift: 0 };
/** Escape sequences behind ESC (RFC 1468, RFC 1554, RFC 1557, and what `iso-2022-jp-ms` added), by what they designate. */
const G0: Readonly<Record<string, CharacterSet>> = {
  '(B': ASCII,
  // JIS X 0201 Roman: what it calls yen and overline, mail writes as backslash and tilde.
  '(J': ASCII,
  '(I': { label: 'euc-jp', width: 1, shift: 0x8e },
  $B: { label: 'euc-jp', width: 2, shift: 0 },
  '$@': { label: 'euc-jp', width: 2, shift: 0 },
  '$(D': { label: 'euc-jp', width: 2, shift: 0x8f },
  $A: { label: 'gb18030', width: 2, shift: 0 },
  '$(C': { label: 'euc-kr', width: 2, shift: 0 },
};
/** Designated once, in use between SO and SI. */
const G1: Readonly<Record<string, CharacterSet>> = {
  '$)C': { label: 'euc-kr', width: 2, shift: 0 },
  '$)A': { label: 'gb18030', width: 2, shift: 0 },
};

/**
 * ISO-2022-JP with its extensions, ISO-2022-KR and the GB half of ISO-2022-CN. Runs between escapes go, with the eighth bit
 * set, to the decoders of the EUC forms: the runtimes' own ISO-2022-JP differ in their extensions, and the others have none.
 *
 * Line ends return to ASCII (RFC 1468, RFC 1557), so that a lost escape spoils one line.
 */
export function decodeIso2022(bytes: Uint8Array): string {
  let text = '';
  let g0 = ASCII;
  let g1: CharacterSet = { label: 'euc-kr', width: 2, shift: 0 };
  let isShifted = false;
  let start = 0;
  const flush = (end: number): void => {
    if (end > start) text += decoded(bytes.subarray(start, end), isShifted ? g1 : g0);
  };
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > ESC) continue;
    const sequence = byte === ESC ? sequenceAt(bytes, at + 1) : null;
    if (byte === LF || byte === CR) {
      flush(at);
      start = at;
      g0 = ASCII;
      isShifted = false;
    } else if (byte === SO || byte === SI) {
      flush(at);
      start = at + 1;
      isShifted = byte === SO;
    } else if (sequence !== null) {
      flush(at);
      start = at + 1 + sequence.length;
      g0 = G0[sequence] ?? g0;
      g1 = G1[sequence] ?? g1;
    }
  }
  flush(bytes.length);
  return text;
}

/** True for text without 8-bit bytes that designates a set: mail that names no charset, or the wrong one. */
export function looksLikeIso2022(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(ESC); at >= 0; at = bytes.indexOf(ESC, at + 1)) {
    const sequence = sequenceAt(bytes, at + 1);
    if (sequence?.startsWith('$') === true) return true;
  }
  return false;
}

function sequenceAt(bytes: Uint8Array, at: number): string | null {
  for (const length of [2, 3]) {
    const sequence = String.fromCharCode(...bytes.subarray(at, at + length));
    if (Object.hasOwn(G0, sequence) || Object.hasOwn(G1, sequence)) return sequence;
  }
  return null;
}

function decoded(run: Uint8Array, { label, width, shift }: CharacterSet): string {
  const decoder = new TextDecoder(label, { fatal: false, ignoreBOM: true });
  if (width === 1 && shift === 0) return decoder.decode(run);
  const out: number[] = [];
  for (let at = 0; at < run.length; at += 1) {
    const byte = run[at] ?? 0;
    if (byte < 0x21 || byte === 0x7f) {
      out.push(byte);
      continue;
    }
    if (shift !== 0) out.push(shift);
    out.push(byte | 0x80);
    if (width === 2 && at + 1 < run.length) {
      at += 1;
      out.push((run[at] ?? 0) | 0x80);
    }
  }
  return decoder.decode(Uint8Array.from(out));
}
