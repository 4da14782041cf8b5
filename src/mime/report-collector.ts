import { concatenated } from './bytes.ts';
import { decodeUndeclared } from './charsets.ts';
import { MAX_REPORT_BYTES, MAX_REPORT_PARTS } from './parse-limits.ts';
import type { ReportPart } from './parsed.ts';

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
  readonly #texts: { readonly contentType: string; readonly pieces: Uint8Array[] }[] = [];
  #room = MAX_REPORT_BYTES;

  /** Null for what is no part of a report, or one too many. */
  of(contentType: string): ReportText | null {
    if (!TYPES.has(contentType) || this.#texts.length >= MAX_REPORT_PARTS) return null;
    const pieces: Uint8Array[] = [];
    this.#texts.push({ contentType, pieces });
    return {
      push: (bytes) => {
        const kept = bytes.slice(0, this.#room);
        this.#room -= kept.length;
        if (kept.length > 0) pieces.push(kept);
      },
    };
  }

  parts(elsewhere: string | null): readonly ReportPart[] {
    return this.#texts.map(({ contentType, pieces }) => {
      const text = decodeUndeclared(concatenated(pieces), elsewhere).replace(/\r\n?/g, '\n');
      return { contentType, text: MAILS.has(contentType) ? headerOf(text) : text };
    });
  }
}

function headerOf(text: string): string {
  const end = text.search(/\n\n/);
  return end < 0 ? text : text.slice(0, end + 1);
}
