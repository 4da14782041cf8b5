import { MAX_HEADER_BYTES } from './parse-limits.ts';

const LF = 0x0a;
const CR = 0x0d;

type LineEnds = 'unknown' | 'as they are' | 'lone CR';

/**
 * The bytes of a mail in blocks of one size, whatever the pieces in which they came; only the last may be smaller.
 *
 * A mail whose header, up to its blank line, has lone CRs and not one LF was written where CR is the line end (old Macintosh,
 * some archives): all its CRs are line ends then, and LF here. In any other mail a lone CR is a byte like others, so that no
 * header line can be hidden behind one.
 */
export async function* blocksOf(
  source: AsyncIterable<Uint8Array>,
  blockBytes: number,
): AsyncGenerator<Uint8Array> {
  let lineEnds: LineEnds = 'unknown';
  let waiting: Uint8Array[] = [];
  const search = new LineEndSearch();
  for await (const block of cutEvenly(source, blockBytes)) {
    if (lineEnds === 'unknown') {
      lineEnds = search.in(block);
      waiting.push(block);
      if (lineEnds === 'unknown' && waiting.length * blockBytes < MAX_HEADER_BYTES) continue;
      yield* settled(waiting, lineEnds);
      if (lineEnds === 'unknown') lineEnds = 'as they are';
      waiting = [];
    } else yield lineEnds === 'lone CR' ? withLineFeeds(block) : block;
  }
  // A mail that ends in its header, without any LF.
  yield* settled(waiting, 'lone CR');
}

function settled(blocks: readonly Uint8Array[], lineEnds: LineEnds): readonly Uint8Array[] {
  return lineEnds === 'lone CR' ? blocks.map(withLineFeeds) : blocks;
}

/** What comes first: an LF, or the blank line of a header whose lines end with CR. Some servers write CR CR LF. */
class LineEndSearch {
  #crs = 0;

  in(block: Uint8Array): LineEnds {
    for (const byte of block) {
      if (byte === LF) return 'as they are';
      if (byte !== CR && this.#crs > 1) return 'lone CR';
      this.#crs = byte === CR ? this.#crs + 1 : 0;
    }
    return 'unknown';
  }
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
