import { binaryText, concatenated } from './bytes.ts';
import type { FileBody } from './file-body.ts';
import { decodedUuLine, isUuLine, UU_BEGIN } from './uu-decoder.ts';

const LF = 0x0a;
const CR = 0x0d;
const LETTER_B = 0x62;
/** A `begin` line with a long name. What is longer is text. */
const MAX_LINE_BYTES = 1_024;

/** Where what is found goes. */
export interface UuTarget {
  text(bytes: Uint8Array): void;
  /** Null when the mail has too many files already: the lines are text then. */
  open(filename: string): FileBody | null;
}

/**
 * Finds files that were put into plain text by uuencode, as mail before MIME did and cron scripts still do
 * (`uuencode report.csv report.csv | mailx`). `begin` alone is a word like others: only with a line of data behind it, as long
 * as its first character says, does it begin a file.
 */
export class UuInText {
  readonly #target: UuTarget;
  #state: 'text' | 'after begin' | 'file' = 'text';
  #isLineStart = true;
  /** The line at hand, where it is needed as a whole. */
  #line: Uint8Array[] = [];
  #begin: Uint8Array | null = null;
  #file: FileBody | null = null;

  constructor(target: UuTarget) {
    this.#target = target;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length)
      at = this.#isWholeLineNeeded(bytes, at) ? this.#collect(bytes, at) : this.#pass(bytes, at);
  }

  end(): void {
    const line = concatenated(this.#line);
    this.#line = [];
    if (line.length > 0) this.#endLine(line);
    this.#giveUp();
    this.#closeFile();
  }

  /** The reading ends inside it. */
  cut(): void {
    this.#file?.cut();
    this.#file = null;
    this.end();
  }

  #isWholeLineNeeded(bytes: Uint8Array, at: number): boolean {
    if (!this.#isLineStart) return this.#line.length > 0;
    return this.#state !== 'text' || bytes[at] === LETTER_B;
  }

  /** Text up to the next line that may begin a file. */
  #pass(bytes: Uint8Array, start: number): number {
    let at = start;
    do {
      const lf = bytes.indexOf(LF, at);
      this.#isLineStart = lf >= 0;
      at = lf < 0 ? bytes.length : lf + 1;
    } while (at < bytes.length && bytes[at] !== LETTER_B);
    this.#target.text(bytes.subarray(start, at));
    return at;
  }

  #collect(bytes: Uint8Array, start: number): number {
    const lf = bytes.indexOf(LF, start);
    const end = lf < 0 ? bytes.length : lf + 1;
    this.#line.push(bytes.slice(start, end));
    this.#isLineStart = lf >= 0;
    const size = this.#line.reduce((sum, piece) => sum + piece.length, 0);
    if (lf < 0 && size <= MAX_LINE_BYTES) return end;
    const line = concatenated(this.#line);
    this.#line = [];
    if (size <= MAX_LINE_BYTES) this.#endLine(line);
    else {
      this.#giveUp();
      this.#closeFile();
      this.#target.text(line);
    }
    return end;
  }

  #endLine(line: Uint8Array): void {
    const content = withoutLineEnd(line);
    if (this.#state === 'after begin' && isUuLine(content, 'whole')) this.#openFile();
    if (this.#state === 'file') {
      const isEnd = binaryText(content).trim() === 'end';
      if (!isEnd && isUuLine(content, 'any')) {
        this.#file?.push(decodedUuLine(content));
        return;
      }
      this.#closeFile();
      if (isEnd) return;
    }
    this.#giveUp();
    if (UU_BEGIN.test(binaryText(content))) {
      this.#begin = line;
      this.#state = 'after begin';
    } else this.#target.text(line);
  }

  #openFile(): void {
    const written = binaryText(withoutLineEnd(this.#begin ?? new Uint8Array(0)));
    this.#file = this.#target.open(written.replace(UU_BEGIN, '').trim());
    if (this.#file === null) return;
    this.#begin = null;
    this.#state = 'file';
  }

  /** What looked like the beginning of a file is text. */
  #giveUp(): void {
    if (this.#begin !== null) this.#target.text(this.#begin);
    this.#begin = null;
    this.#state = 'text';
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = null;
    this.#state = 'text';
  }
}

function withoutLineEnd(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && (line[end - 1] === LF || line[end - 1] === CR)) end -= 1;
  return line.subarray(0, end);
}
