import { Base64Decoder } from './base64-decoder.ts';
import { QuotedPrintableDecoder } from './quoted-printable-decoder.ts';
import { UuDecoder } from './uu-decoder.ts';

/** Undoes a Content-Transfer-Encoding (RFC 2045 §6) as the bytes come. Nothing is malformed: what cannot be is left out or stays. */
export interface TransferDecoder {
  decode(bytes: Uint8Array): Uint8Array;
  /** What was held back for more to come. */
  end(): Uint8Array;
}

export type TransferEncoding = 'identity' | 'base64' | 'quoted-printable' | 'uuencode';

/** `7bit`, `8bit`, `binary`, and what nobody knows: the bytes as they stand. */
export function transferEncodingOf(value: string): TransferEncoding {
  const word = /[A-Za-z0-9][A-Za-z0-9 -]*/.exec(value)?.[0].trim().toLowerCase() ?? '';
  switch (word) {
    case 'base64':
    case 'base-64':
    case 'b':
      return 'base64';
    case 'quoted-printable':
    case 'quoted printable':
    case 'quotedprintable':
    case 'q':
      return 'quoted-printable';
    case 'uuencode':
    case 'x-uuencode':
    case 'x-uue':
    case 'uue':
      return 'uuencode';
    default:
      return 'identity';
  }
}

export function transferDecoder(encoding: TransferEncoding): TransferDecoder {
  switch (encoding) {
    case 'base64':
      return new Base64Decoder();
    case 'quoted-printable':
      return new QuotedPrintableDecoder();
    case 'uuencode':
      return new UuDecoder();
    case 'identity':
      return { decode: (bytes) => bytes, end: () => new Uint8Array(0) };
  }
}
