import { isPrintableAscii, MAX_LINE_BYTES } from './characters.ts';
import { encodeWords } from './encoded-word.ts';
import type { HeaderMailbox, Message } from './message.ts';

/** RFC 5322 §2.1.1 asks for 78; 76 is what RFC 2047 §2 asks of lines with encoded words. */
const LINE_LENGTH = 76;
/** With the longest field name in front, a word of this length still fits into a line of 998. */
const MAX_TOKEN_LENGTH = MAX_LINE_BYTES - 98;
/** RFC 5322 §3.2.3: words that need no quotes in a phrase, one space between them. No dot, no `=?`. */
const PHRASE = /^[A-Za-z0-9!#$%&'*+\-/^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/^_`{|}~]+)*$/;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The header fields of a message, without those that describe its body, each line ending in CRLF.
 *
 * Written here and not by the composing library, because it passes on what looks like a valid encoded word, encodes JSON
 * in `X-` fields for its quotes, respells names and leaves long words unfolded. Every value was parsed before; a value
 * that could still end its field is a defect, and throws.
 */
export function headerBlock(message: Message): string {
  const fields = [
    addressField('From', [message.from]),
    addressField('To', message.to),
    addressField('Cc', message.cc),
    addressField('Reply-To', message.replyTo),
    textField('Subject', message.subject),
    `Date: ${dateText(message.date)}`,
    `Message-ID: ${message.messageId}`,
    ...message.headers.map(([name, value]) => textField(name, value)),
    'MIME-Version: 1.0',
  ].filter((field) => field !== '');
  for (const field of fields) if (!isWellMade(field)) throw new Error('A header field would break its line.');
  return fields.map((field) => `${field}\r\n`).join('');
}

/** RFC 5322 §3.3, in UTC. */
export function dateText(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return (
    `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
  );
}

/** True when the text can stand in any header field as it is, folded at its spaces. */
export function isFoldable(text: string): boolean {
  return textPieces(text).every((piece) => piece.length <= MAX_TOKEN_LENGTH);
}

/** What a line may break before: each word with the spaces in front of it. */
function textPieces(text: string): readonly string[] {
  return ` ${text}`.match(/ +[^ ]+/g) ?? [];
}

function doFit(pieces: readonly string[], name: string): boolean {
  return pieces.every((piece, i) => {
    const line = i === 0 ? `${name}:${piece}` : piece;
    return piece.trimStart().length <= MAX_TOKEN_LENGTH && line.length <= MAX_LINE_BYTES;
  });
}

/**
 * One unstructured field. Printable ASCII stands as it is: programs at relays and receivers read JSON, URLs and ids out of
 * such fields. All else (and what a reader would take for an encoded word) is encoded whole, so that it is shown as given.
 */
export function textField(name: string, value: string): string {
  if (value === '') return `${name}: `;
  const isPlain = isPrintableAscii(value) && !value.includes('=?') && value === value.trim();
  const pieces = isPlain ? textPieces(value) : [];
  if (isPlain && doFit(pieces, name)) return fold([`${name}:`, ...pieces]);
  return `${name}: ${encodeWords(value, LINE_LENGTH - name.length - 2).join('\r\n ')}`;
}

/** An address field, or nothing for an empty list (RFC 5322 §3.6.3 has no empty To or Cc). */
export function addressField(name: string, mailboxes: readonly HeaderMailbox[]): string {
  if (mailboxes.length === 0) return '';
  return fold([
    `${name}:`,
    ...mailboxes.flatMap((mailbox, i) => mailboxPieces(mailbox, i < mailboxes.length - 1 ? ',' : '')),
  ]);
}

function mailboxPieces({ name, address }: HeaderMailbox, end: string): readonly string[] {
  return name === '' ? [` ${address}${end}`] : [...phrasePieces(name), ` <${address}>${end}`];
}

/** A quoted string stays on one line: RFC 5322 §3.2.4 lets it fold, but not every reader undoes that. */
function phrasePieces(name: string): readonly string[] {
  const isShort = name.length <= LINE_LENGTH - 'Reply-To: ""'.length;
  if (isShort && PHRASE.test(name)) return [` ${name}`];
  if (isShort && isPrintableAscii(name) && !name.includes('=?'))
    return [` "${name.replace(/["\\]/g, '\\$&')}"`];
  return encodeWords(name, LINE_LENGTH - 'Reply-To: '.length).map((word) => ` ${word}`);
}

/**
 * Breaks between pieces, which carry the spaces before them, so that undoing it (dropping each CRLF before white space,
 * RFC 5322 §2.2.3) gives the same text. The first two, name and first word, stay together: some readers lose a field
 * whose first line is empty.
 */
function fold(pieces: readonly string[]): string {
  let field = '';
  let lineLength = 0;
  for (const [i, piece] of pieces.entries()) {
    const isBreak = i > 1 && lineLength + piece.length > LINE_LENGTH;
    field += isBreak ? `\r\n${piece}` : piece;
    lineLength = isBreak ? piece.length : lineLength + piece.length;
  }
  return field;
}

/** Oracle over what is about to be written: one field, folded, every line within RFC 5322 §2.1.1, no control character. */
function isWellMade(field: string): boolean {
  const utf8 = new TextEncoder();
  return field.split('\r\n').every(
    (line, i) =>
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are refused
      !/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line) &&
      (line.length * 3 <= MAX_LINE_BYTES || utf8.encode(line).length <= MAX_LINE_BYTES) &&
      (i === 0 ? /^[!-9;-~]+: /.test(line) : /^[ \t]+[^ \t]/.test(line)),
  );
}
