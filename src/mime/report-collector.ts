import { concatenated } from './bytes.ts';
import { decodeUndeclared } from './charsets.ts';
import { MAX_REPORT_BYTES, MAX_REPORT_PARTS } from './parse-limits.ts';
import type { BrokenLimit, ReportPart } from './parsed.ts';

const LF = 0x0a;
const CR = 0x0d;

/** RFC 3464, RFC 5965, RFC 8098, their internationalised forms (RFC 6533), and the mail that they speak of. */
const TYPES = new Set([
  'message/delivery-status',
  'message/global-delivery-status',
  'message/feedback-report',
  'message/disposition-notification',
  'message/global-disposition-notification',
  'text/rfc822-headers',
  'message/global-headers',
  'message/rfc822',
  'message/global',
]);
/** Of an enclosed mail the header is kept: its body may be as large as it likes. */
const MAILS = new Set(['message/rfc822', 'message/global']);

/** One report part, as far as it is kept. */
export interface ReportText {
  push(bytes: Uint8Array): void;
}

/** Keeps what the reader of bounces and complaints needs, beside the files that these parts are as well. */
export class ReportCollector {
  readonly #limit: (broken: BrokenLimit) => void;
  readonly #texts: { readonly contentType: string; readonly pieces: Uint8Array[] }[] = [];
  #room = MAX_REPORT_BYTES;

  constructor(limit: (broken: BrokenLimit) => void) {
    this.#limit = limit;
  }

  /** Null for what is no part of a report, or one too many. */
  of(contentType: string): ReportText | null {
    if (!TYPES.has(contentType) || this.#texts.length >= MAX_REPORT_PARTS) return null;
    const pieces: Uint8Array[] = [];
    const header = MAILS.has(contentType) ? new HeaderEnd() : null;
    this.#texts.push({ contentType, pieces });
    return {
      push: (bytes) => {
        const wanted = header === null ? bytes : bytes.subarray(0, header.in(bytes));
        const kept = wanted.slice(0, this.#room);
        if (kept.length < wanted.length) this.#limit('text');
        this.#room -= kept.length;
        if (kept.length > 0) pieces.push(kept);
      },
    };
  }

  parts(elsewhere: string | null): readonly ReportPart[] {
    return this.#texts.map(({ contentType, pieces }) => {
      const text = decodeUndeclared(concatenated(pieces), elsewhere).replace(/\r\n?/g, '\n');
      return { contentType, text: MAILS.has(contentType) ? withOneLineEnd(text) : text };
    });
  }
}

/** Of the blank line, what came in an earlier piece is here. */
function withOneLineEnd(header: string): string {
  let end = header.length;
  while (header[end - 1] === '\n') end -= 1;
  return end === 0 ? '' : `${header.slice(0, end)}\n`;
}

/** Finds the blank line of a header that comes in pieces. */
class HeaderEnd {
  #isFound = false;
  #isEmptyLine = true;

  /** How many of these bytes belong to the header. */
  in(bytes: Uint8Array): number {
    if (this.#isFound) return 0;
    for (const [at, byte] of bytes.entries()) {
      if (byte === LF && this.#isEmptyLine) {
        this.#isFound = true;
        return bytes[at - 1] === CR ? at - 1 : at;
      }
      this.#isEmptyLine = byte === LF || (byte === CR && this.#isEmptyLine);
    }
    return bytes.length;
  }
}
