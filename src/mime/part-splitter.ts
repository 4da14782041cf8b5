import { binaryText, concatenated } from './bytes.ts';
import { MAX_BOUNDARY_BYTES, MAX_HEADER_BYTES, MAX_LINES, MAX_PARTS } from './parse-limits.ts';
import type { BrokenLimit } from './parsed.ts';

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const NOTHING = new Uint8Array(0);
const LONE_LF = Uint8Array.of(LF);
const LONE_CR = Uint8Array.of(CR);
const CRLF = Uint8Array.of(CR, LF);
/** Before the LF of a blank line. */
const MAX_CRS = 3;
/** With its dashes and its CR. */
const MAX_HELD_BYTES = MAX_BOUNDARY_BYTES + 5;

/** What the splitter found, in the order of the mail. After `stop` nothing more is told: what is open stays open. */
export interface PartEvents {
  /**
   * The header of a part is complete, and so is the blank line behind it, if there was one. Answers the boundary when it is
   * a multipart whose parts are wanted.
   */
  header(block: Uint8Array, blankLine: Uint8Array): string | null;
  /** Bytes of the part whose header came last; of a multipart, what stands before its first part. */
  body(bytes: Uint8Array): void;
  /** A multipart's first part begins: what came as its body was the preamble. */
  beginParts(): void;
  /** The part whose header came last is over: a leaf, or a multipart in which no part was found. */
  endLeaf(): void;
  /** The innermost multipart in which parts were found is over. */
  endMultipart(): void;
  limit(broken: BrokenLimit): void;
}

interface Multipart {
  readonly boundary: string;
  hasParts: boolean;
}

interface Delimiter {
  /** Which of the open multiparts, from 0. */
  readonly depth: number;
  readonly closes: boolean;
}

/**
 * Cuts a mail into parts at its boundaries (RFC 2046 §5.1), as the bytes come. Keeps the header at hand and the beginning of
 * one line, nothing else; how the bytes are divided into blocks makes no difference.
 *
 * A boundary ends what is open inside its multipart, so a missing final boundary costs nothing. A line is a delimiter when it
 * is equal to one, white space behind it aside: a boundary that begins like another is not that other.
 */
export class PartSplitter {
  readonly #events: PartEvents;
  readonly #open: Multipart[] = [];
  #delimiters: ReadonlyMap<string, Delimiter> = new Map();
  #state: 'header' | 'body' | 'epilogue' | 'over' = 'header';
  /** The part whose header came last is a leaf and not over. */
  #isInLeaf = false;
  #header: Uint8Array[] = [];
  #headerBytes = 0;
  /** The beginning of a line that may become a delimiter. */
  #waiting: Uint8Array = NOTHING;
  /** The line end before it: part of the delimiter, if it is one (RFC 2046 §5.1.1). */
  #lineEnd: Uint8Array = NOTHING;
  #isLineStart = true;
  #lines = 0;
  #parts = 1;

  constructor(events: PartEvents) {
    this.#events = events;
  }

  /** No more bytes are wanted: a limit that ends the reading was broken. */
  get isOver(): boolean {
    return this.#state === 'over';
  }

  push(block: Uint8Array): void {
    const bytes = this.#waiting.length === 0 ? block : concatenated([this.#waiting, block]);
    this.#waiting = NOTHING;
    let at = 0;
    while (at < bytes.length && !this.isOver) {
      const next = this.#isLineStart ? this.#beginLine(bytes, at, false) : this.#continueLine(bytes, at);
      if (next === null) {
        this.#waiting = bytes.slice(at);
        return;
      }
      at = next;
    }
  }

  /** The mail ends here. */
  end(): void {
    const rest = this.#waiting;
    let at = 0;
    while (at < rest.length && !this.isOver)
      at = this.#isLineStart
        ? (this.#beginLine(rest, at, true) ?? rest.length)
        : this.#continueLine(rest, at);
    if (this.#state === 'header') this.#endHeader(NOTHING);
    if (this.isOver) return;
    this.#releaseLineEnd();
    this.#closeFrom(0);
    this.#state = 'over';
  }

  /** The reading ends here, before the mail does. */
  stop(broken: BrokenLimit): void {
    if (this.isOver) return;
    this.#events.limit(broken);
    if (this.#state === 'header') this.#endHeader(NOTHING);
    this.#state = 'over';
  }

  /** The place to go on from, or null when more of the line is needed to tell what it is. */
  #beginLine(bytes: Uint8Array, at: number, isLast: boolean): number | null {
    const lf = bytes.indexOf(LF, at);
    const isUnended = lf < 0 && !isLast;
    const end = lf < 0 ? bytes.length : lf;
    if (bytes[at] === DASH && this.#open.length > 0) {
      if (isUnended && end - at <= MAX_HELD_BYTES) return null;
      const delimiter =
        end - at <= MAX_HELD_BYTES ? this.#delimiters.get(lineText(bytes, at, end)) : undefined;
      if (delimiter !== undefined) {
        this.#cut(delimiter);
        return this.#behindLine(end + 1);
      }
    }
    if (this.#state === 'header' && bytes[at] === CR && isUnended && end - at <= MAX_CRS) return null;
    if (this.#state === 'header' && lf >= 0 && isBlank(bytes, at, lf)) {
      this.#endHeader(lf === at ? LONE_LF : CRLF);
      return this.#behindLine(end + 1);
    }
    this.#releaseLineEnd();
    this.#isLineStart = false;
    return at;
  }

  #behindLine(next: number): number {
    this.#isLineStart = true;
    this.#lines += 1;
    if (this.#lines > MAX_LINES) this.stop('lines');
    return next;
  }

  #continueLine(bytes: Uint8Array, at: number): number {
    return this.#state === 'header' ? this.#continueHeader(bytes, at) : this.#continueBody(bytes, at);
  }

  #continueHeader(bytes: Uint8Array, at: number): number {
    const lf = bytes.indexOf(LF, at);
    const next = lf < 0 ? bytes.length : lf + 1;
    const room = MAX_HEADER_BYTES - this.#headerBytes;
    if (next - at > room) this.#events.limit('header');
    const kept = bytes.slice(at, Math.min(next, at + room));
    if (kept.length > 0) this.#header.push(kept);
    this.#headerBytes += kept.length;
    return lf < 0 ? next : this.#behindLine(next);
  }

  /** All lines at once that cannot be delimiters: most of a mail passes here, looked at by `indexOf` alone. */
  #continueBody(bytes: Uint8Array, start: number): number {
    if (this.#lineEnd.length > 0 && bytes[start] === LF) {
      this.#lineEnd = CRLF;
      return this.#behindLine(start + 1);
    }
    this.#releaseLineEnd(); // a CR that ended no line
    for (let lf = bytes.indexOf(LF, start); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
      if (lf + 1 < bytes.length && bytes[lf + 1] !== DASH && this.#lines < MAX_LINES) {
        this.#lines += 1;
        continue;
      }
      const isCrlf = lf > start && bytes[lf - 1] === CR;
      this.#emit(bytes.subarray(start, isCrlf ? lf - 1 : lf));
      this.#lineEnd = isCrlf ? CRLF : LONE_LF;
      return this.#behindLine(lf + 1);
    }
    const isCr = bytes[bytes.length - 1] === CR;
    this.#emit(bytes.subarray(start, isCr ? bytes.length - 1 : bytes.length));
    if (isCr) this.#lineEnd = LONE_CR;
    return bytes.length;
  }

  #emit(bytes: Uint8Array): void {
    if (bytes.length > 0 && this.#state === 'body') this.#events.body(bytes);
  }

  #releaseLineEnd(): void {
    this.#emit(this.#lineEnd);
    this.#lineEnd = NOTHING;
  }

  #endHeader(blankLine: Uint8Array): void {
    const block = concatenated(this.#header);
    this.#header = [];
    this.#headerBytes = 0;
    this.#state = 'body';
    const boundary = this.#events.header(block, blankLine);
    this.#isInLeaf = boundary === null;
    if (boundary === null) return;
    this.#open.push({ boundary, hasParts: false });
    this.#delimiters = delimitersOf(this.#open);
  }

  #cut({ depth, closes }: Delimiter): void {
    this.#lineEnd = NOTHING;
    if (this.#state === 'header') this.#endHeader(NOTHING);
    this.#closeFrom(closes ? depth : depth + 1);
    this.#state = closes ? 'epilogue' : 'header';
    const multipart = this.#open[depth];
    if (closes || multipart === undefined) return;
    if (!multipart.hasParts) this.#events.beginParts();
    multipart.hasParts = true;
    this.#parts += 1;
    if (this.#parts <= MAX_PARTS) return;
    this.#state = 'epilogue'; // no header of it is read
    this.stop('parts');
  }

  #closeFrom(depth: number): void {
    if (this.#isInLeaf) this.#events.endLeaf();
    this.#isInLeaf = false;
    if (this.#open.length <= depth) return;
    for (const { hasParts } of this.#open.splice(depth).toReversed())
      if (hasParts) this.#events.endMultipart();
      else this.#events.endLeaf();
    this.#delimiters = delimitersOf(this.#open);
  }
}

/** Where two multiparts have the same boundary, the inner one's lines are meant. */
function delimitersOf(open: readonly Multipart[]): ReadonlyMap<string, Delimiter> {
  const delimiters = new Map<string, Delimiter>();
  for (const [depth, { boundary }] of open.entries()) {
    delimiters.set(`--${boundary}`, { depth, closes: false });
    delimiters.set(`--${boundary}--`, { depth, closes: true });
  }
  return delimiters;
}

/** Nothing but CRs: some servers write more than one. */
function isBlank(bytes: Uint8Array, start: number, lf: number): boolean {
  let at = start;
  while (at < lf && at - start < MAX_CRS && bytes[at] === CR) at += 1;
  return at === lf;
}

/** A line without the white space behind it, one character for each byte. */
function lineText(bytes: Uint8Array, start: number, end: number): string {
  let last = end;
  while (last > start && isWhiteSpace(bytes[last - 1])) last -= 1;
  return binaryText(bytes.subarray(start, last));
}

function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CR;
}
