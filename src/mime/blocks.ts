import { MAX_HEADER_BYTES } from './parse-limits.ts';

const LF = 0x0a;
const CR = 0x0d;

type LineEnds = 'unknown' | 'behind CR' | 'as they are' | 'lone CR';

/**
 * The bytes of a mail in blocks of one size, whatever the pieces in which they came; only the last may be smaller.
 *
 * A mail whose first line ends with a lone CR was written where that is the line end (old Macintosh, some archives): all its
 * CRs are line ends then, and LF here. In any other mail a lone CR is a byte like others, so that no header line can be
 * hidden behind one.
 */
export async function* blocksOf(
  source: AsyncIterable<Uint8Array>,
  blockBytes: number,
): AsyncGenerator<Uint8Array> {
  let lineEnds: LineEnds = 'unknown';
  let waiting: Uint8Array[] = [];
  for await (const block of cutEvenly(source, blockBytes)) {
    waiting.push(block);
    if (lineEnds === 'unknown' || lineEnds === 'behind CR') {
      lineEnds = lineEndsOf(block, lineEnds);
      const isUndecided = lineEnds === 'unknown' || lineEnds === 'behind CR';
      if (isUndecided && waiting.length * blockBytes < MAX_HEADER_BYTES) continue;
      if (isUndecided) lineEnds = 'as they are';
    }
    for (const decided of waiting) yield lineEnds === 'lone CR' ? withLineFeeds(decided) : decided;
    waiting = [];
  }
  yield* waiting;
}

function lineEndsOf(block: Uint8Array, before: LineEnds): LineEnds {
  if (before === 'behind CR') return block[0] === LF ? 'as they are' : 'lone CR';
  const cr = block.indexOf(CR);
  const lf = block.indexOf(LF);
  if (lf >= 0 && (cr < 0 || lf < cr)) return 'as they are';
  if (cr < 0) return 'unknown';
  if (cr + 1 === block.length) return 'behind CR';
  return block[cr + 1] === LF ? 'as they are' : 'lone CR';
}

function withLineFeeds(block: Uint8Array): Uint8Array {
  return block.map((byte) => (byte === CR ? LF : byte));
}

/** Views of what came where a piece is large enough, copies where it is not. */
async function* cutEvenly(source: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(0);
  let filled = 0;
  for await (const piece of source) {
    let at = 0;
    while (at < piece.length) {
      if (filled === 0 && piece.length - at >= blockBytes) {
        yield piece.subarray(at, at + blockBytes);
        at += blockBytes;
        continue;
      }
      if (filled === 0) block = new Uint8Array(blockBytes);
      const taken = piece.subarray(at, at + blockBytes - filled);
      block.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < blockBytes) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
