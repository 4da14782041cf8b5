const REPLACEMENT = 0xfffd;
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;
const FIRST_LEAD = 0x81;
const ROW = 0xbf; // trail bytes from 0x40 to 0xfe
const FIRST_TRAIL = 0x40;

/** Made when the first Korean mail comes: some milliseconds. */
let table: Uint16Array | null = null;

/**
 * Windows code page 949, which Korean mail calls `ks_c_5601-1987`, `euc-kr` or `cp949` alike: EUC-KR and the 8,822 syllables
 * that KS X 1001 lacks. One runtime's `euc-kr` has them (the Encoding standard wants it), another's does not.
 */
export function decodeKorean(bytes: Uint8Array): string {
  table ??= codePage949();
  const out = new Uint16Array(bytes.length);
  let to = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) {
      out[to++] = byte;
      continue;
    }
    const trail = bytes[at + 1] ?? 0;
    const code =
      byte >= FIRST_LEAD && trail > FIRST_TRAIL && trail < 0xff ? (table[placeOf(byte, trail)] ?? 0) : 0;
    out[to++] = code === 0 ? REPLACEMENT : code;
    // A byte that completes nothing but is ASCII stands for itself, so that no markup is swallowed.
    if (code !== 0 || trail >= 0x80) at += 1;
  }
  return textOf(out.subarray(0, to));
}

function placeOf(lead: number, trail: number): number {
  return (lead - FIRST_LEAD) * ROW + trail - FIRST_TRAIL;
}

/** KS X 1001 as the runtime knows it, then the syllables it lacks, which the code page has in the order of Unicode. */
function codePage949(): Uint16Array {
  const codes = new Uint16Array((0xff - FIRST_LEAD) * ROW);
  const standard = new Set<number>();
  for (const [place, code] of standardCodes()) {
    codes[place] = code;
    standard.add(code);
  }
  codes[placeOf(0xa2, 0xe6)] = 0x20ac; // added to KS X 1001 in 1998: euro and registered sign
  codes[placeOf(0xa2, 0xe7)] = 0xae;
  const places = extensionPlaces();
  for (let syllable = FIRST_SYLLABLE; syllable <= LAST_SYLLABLE; syllable += 1) {
    if (standard.has(syllable)) continue;
    const place = places.next();
    if (place.done === true) break;
    codes[place.value] = syllable;
  }
  return codes;
}

/** All pairs in one go, a line for each: a call for each pair would take ten times as long. */
function* standardCodes(): Generator<readonly [place: number, code: number]> {
  const places: number[] = [];
  const bytes: number[] = [];
  for (let lead = 0xa1; lead < 0xff; lead += 1) {
    for (let trail = 0xa1; trail < 0xff; trail += 1) {
      places.push(placeOf(lead, trail));
      bytes.push(lead, trail, 0x0a);
    }
  }
  const lines = new TextDecoder('euc-kr').decode(Uint8Array.from(bytes)).split('\n');
  for (const [i, place] of places.entries()) {
    const text = lines[i] ?? '';
    if (text.length === 1 && text !== '\ufffd') yield [place, text.charCodeAt(0)];
  }
}

/** Lead bytes 0x81 to 0xc6; from 0xa1 on, trail bytes end before the standard's own begin. */
function* extensionPlaces(): Generator<number> {
  for (let lead = FIRST_LEAD; lead <= 0xc6; lead += 1) {
    const last = lead < 0xa1 ? 0xfe : 0xa0;
    for (let trail = 0x41; trail <= last; trail += 1)
      if ((trail <= 0x5a || trail >= 0x61) && (trail <= 0x7a || trail >= 0x81)) yield placeOf(lead, trail);
  }
}

function textOf(codes: Uint16Array): string {
  let text = '';
  for (let at = 0; at < codes.length; at += 8_192)
    text += String.fromCharCode(...codes.subarray(at, at + 8_192));
  return text;
}
