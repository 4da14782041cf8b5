import { inBase64 } from './base64-lines.ts';
import type { Entity } from './entity.ts';
import { ascii } from './entity.ts';
import { isLiteral, quotedPrintable } from './quoted-printable.ts';

/** Without NUL, DEL and the other controls (RFC 5321 §2.3.8), and without anything that is not ASCII. */
const PLAIN = /^[\t\r\n\x20-\x7e]*$/;
/** More than the 76 characters of RFC 2045 §6.7 (5) in a line: it is encoded, although RFC 5322 would let it pass. */
const LONG_LINE = /^.{77}/m;
/** Longer text is not looked through for long lines: it is encoded. */
const MAX_PLAIN_LENGTH = 128 * 1024;
const LINE_END = ascii('\r\n');

type Encoding = '7bit' | 'quoted-printable' | 'base64';

/** A text as the only content of its message, or as a part beside others. The same fields, in another order. */
export type TextPlace = 'alone' | 'part';

export interface TextEntity extends Entity {
  readonly body: readonly Uint8Array<ArrayBuffer>[];
  /** The text closes its last line itself, so that alone in a message it needs no line end of ours. */
  readonly isClosed: boolean;
}

/** One text, encoded as fits it; null for no text, or an empty one. */
export function textEntity(
  subtype: 'plain' | 'html',
  given: string | null,
  place: TextPlace,
): TextEntity | null {
  if (!given) return null;
  const text = withCrlf(given);
  const bytes = new TextEncoder().encode(text);
  const encoding = encodingFor(text, bytes);
  const type = `Content-Type: text/${subtype}; charset=utf-8\r\n`;
  const transfer = `Content-Transfer-Encoding: ${encoding}\r\n`;
  return {
    fields: place === 'alone' ? transfer + type : type + transfer,
    body:
      encoding === 'base64'
        ? [inBase64(bytes)]
        : [encoding === '7bit' ? bytes : quotedPrintable(bytes), LINE_END],
    isClosed: encoding !== 'base64' && text.endsWith('\n'),
  };
}

/** RFC 2046 §4.1.1: a line break in text is CRLF. */
function withCrlf(text: string): string {
  // Taken apart and joined in one go, a text with no CR costs a quarter of what a pattern costs.
  return text.includes('\r') ? text.replace(/\r\n|\r|\n/g, '\r\n') : text.split('\n').join('\r\n');
}

function encodingFor(text: string, bytes: Uint8Array): Encoding {
  if (!PLAIN.test(text)) return shorterOf(bytes);
  return text.length > MAX_PLAIN_LENGTH || LONG_LINE.test(text) ? 'quoted-printable' : '7bit';
}

/** At a tie quoted-printable, which is legible in the source. */
function shorterOf(bytes: Uint8Array): 'quoted-printable' | 'base64' {
  let escaped = 0;
  for (let at = 0; at < bytes.length; at += 1) if (!isLiteral(bytes[at] ?? 0)) escaped += 1;
  return bytes.length + 2 * escaped <= (bytes.length * 4) / 3 ? 'quoted-printable' : 'base64';
}
