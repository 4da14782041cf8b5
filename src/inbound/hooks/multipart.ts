import { binaryText, bytesOfBinary, concatenated } from '../../mime/bytes.ts';
import { plainParameter, readParameters } from '../../mime/parse-parameters.ts';
import type { FieldEvents, FieldReader } from './read-fields.ts';

const CR = 0x0d;
const DASH = 0x2d;
/** Of the header of one part. */
const MAX_HEADER_BYTES = 16 * 1024;
/** RFC 2046 §5.1.1 allows white space behind a delimiter. Nobody writes any. */
const MAX_PADDING = 64;
/** RFC 2046 §5.1.1: 1 to 70 characters, taken generously. */
const BOUNDARY = /^[\x20-\x7e]{1,200}$/;

/** The first header line of a part of a form (RFC 7578 §4.2, §4.8), as it begins. */
const HEADER_START = 'content-';
const BLANK_LINE = bytesOfBinary('\r\n\r\n');

type Found = 'no' | 'more' | { readonly end: number; readonly closes: boolean };

/**
 * multipart/form-data (RFC 7578), byte for byte: no charset, no line ends touched.
 *
 * Some providers write one boundary in every request, and then a mail can hold it. So a delimiter counts only where the header
 * of a form's part follows it, and the closing one only at the very end: a mail cannot cut off what its provider says behind it.
 * It can still say something before that, which is why such a provider's field counts only when it came once.
 */
export class MultipartReader implements FieldReader {
  readonly #events: FieldEvents;
  readonly #delimiter: Uint8Array;
  #state: 'preamble' | 'header' | 'body' | 'over' = 'preamble';
  /** What is not judged yet. The first delimiter has no line end before it: one is lent to it. */
  #waiting: Uint8Array = bytesOfBinary('\r\n');

  constructor(events: FieldEvents, boundary: string) {
    this.#events = events;
    this.#delimiter = bytesOfBinary(`\r\n--${boundary}`);
  }

  push(piece: Uint8Array): boolean {
    let bytes = this.#waiting.length === 0 ? piece : concatenated([this.#waiting, piece]);
    for (;;) {
      const rest = this.#step(bytes, false);
      if (rest === null) return false;
      if (rest.length === bytes.length) break;
      bytes = rest;
    }
    this.#waiting = bytes.slice();
    return true;
  }

  end(): boolean {
    let bytes = this.#waiting;
    while (this.#state !== 'over') {
      const rest = this.#step(bytes, true);
      if (rest === null || rest.length === bytes.length) return false;
      bytes = rest;
    }
    return true;
  }

  /** What is left after one step, the same bytes when more are needed; null when it is no form. */
  #step(bytes: Uint8Array, isLast: boolean): Uint8Array | null {
    switch (this.#state) {
      case 'header':
        return this.#header(bytes);
      case 'over':
        return bytes;
      default:
        return this.#body(bytes, isLast);
    }
  }

  #body(bytes: Uint8Array, isLast: boolean): Uint8Array {
    for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
      const found = this.#delimiterAt(bytes, at, isLast);
      if (found === 'no') continue;
      this.#emit(bytes.subarray(0, at));
      if (found === 'more') return bytes.subarray(at);
      if (this.#state === 'body') this.#events.end();
      this.#state = found.closes ? 'over' : 'header';
      return bytes.subarray(found.end);
    }
    this.#emit(bytes);
    return bytes.subarray(bytes.length);
  }

  #emit(bytes: Uint8Array): void {
    if (this.#state === 'body' && bytes.length > 0) this.#events.data(bytes);
  }

  #delimiterAt(bytes: Uint8Array, start: number, isLast: boolean): Found {
    const short: Found = isLast ? 'no' : 'more';
    const delimiter = this.#delimiter;
    for (let i = 0; i < delimiter.length; i += 1) {
      if (start + i === bytes.length) return short;
      if (bytes[start + i] !== delimiter[i]) return 'no';
    }
    let at = start + delimiter.length;
    if (bytes[at] === DASH && bytes[at + 1] === DASH) {
      const behind = bytes.subarray(at + 2);
      if (behind.length <= 2 && !isLast) return 'more';
      return isLineEnd(behind) ? { end: bytes.length, closes: true } : 'no';
    }
    const padded = at;
    while ((bytes[at] === 0x20 || bytes[at] === 0x09) && at - padded < MAX_PADDING) at += 1;
    const next = binaryText(bytes.subarray(at, at + 2 + HEADER_START.length)).toLowerCase();
    if (next === `\r\n${HEADER_START}`) return { end: at + 2, closes: false };
    return `\r\n${HEADER_START}`.startsWith(next) || next === '-' ? short : 'no';
  }

  #header(bytes: Uint8Array): Uint8Array | null {
    const end = indexOf(bytes, BLANK_LINE);
    if (end < 0 || end > MAX_HEADER_BYTES) return bytes.length > MAX_HEADER_BYTES ? null : bytes;
    const lines = binaryText(bytes.subarray(0, end))
      .replace(/\r\n[ \t]+/g, ' ')
      .split('\r\n');
    const disposition = readParameters(headerValue(lines, 'content-disposition') ?? '');
    const name = plainParameter(disposition, 'name');
    const encoding = headerValue(lines, 'content-transfer-encoding') ?? 'binary';
    // RFC 7578 §4.7: nobody encodes. To store the encoded form would be to store another mail.
    if (disposition.value !== 'form-data' || name === null || !/^(?:7bit|8bit|binary)$/i.test(encoding))
      return null;
    this.#events.begin(name);
    this.#state = 'body';
    // The blank line's own CRLF stays: an empty value is nothing between it and the delimiter.
    return bytes.subarray(end + 2 + 2);
  }
}

/** The boundary of a multipart/form-data; null when it is anything else. */
export function formBoundary(contentType: string): string | null {
  const field = readParameters(contentType);
  const boundary = plainParameter(field, 'boundary');
  return field.value === 'multipart/form-data' && boundary !== null && BOUNDARY.test(boundary)
    ? boundary
    : null;
}

function headerValue(lines: readonly string[], name: string): string | null {
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`));
  return line === undefined ? null : line.slice(name.length + 1).trim();
}

function isLineEnd(bytes: Uint8Array): boolean {
  return bytes.length === 0 || binaryText(bytes) === '\r\n';
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1))
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
  return -1;
}
