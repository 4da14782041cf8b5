import { binaryText, bytesOfBinary } from './bytes.ts';
import { decodeUndeclared } from './charsets.ts';
import { MAX_HEADER_FIELDS } from './parse-limits.ts';

/** A name, and white space that RFC 5322 §4.5 once allowed before the colon. */
const FIELD = /^([!-9;-~]+)[ \t]*:/;

/** Whoever breaks it before several spaces, as our composer does, was given them. */
const SUBJECT = 'subject';

/** A field as it came: one character for each byte, a line feed for each fold and the space behind it. */
export interface ReceivedField {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

export interface ReceivedHeader {
  readonly fields: readonly ReceivedField[];
  /** There are more fields than are kept. */
  readonly isCut: boolean;
  /** The part begins with a line that is no field: its writer forgot the blank line, and all of it is body. */
  readonly isBody: boolean;
}

/** Reads the header of a mail or of a part. Lines that are no field are passed over, the `From ` line of an mbox too. */
export function readReceivedHeader(block: Uint8Array, isPart: boolean): ReceivedHeader {
  const lines = binaryText(block).split('\n');
  if (isPart && block.length > 0 && !FIELD.test(lines[0] ?? ''))
    return { fields: [], isCut: false, isBody: true };
  const open: { readonly name: string; readonly pieces: string[] }[] = [];
  let isOpen = false;
  let isCut = false;
  for (const line of lines) {
    if (/^[ \t]/.test(line)) {
      const last = open.at(-1);
      const piece = last?.name === SUBJECT ? withoutReturn(line.slice(1)) : continued(line);
      if (isOpen && trimBlank(piece) !== '') last?.pieces.push(piece);
      continue;
    }
    const match = FIELD.exec(line);
    isOpen = match !== null && open.length < MAX_HEADER_FIELDS;
    if (match === null) continue;
    isCut ||= !isOpen;
    const value = withoutReturn(line.slice(match[0].length));
    if (isOpen)
      open.push({ name: (match[1] ?? '').toLowerCase(), pieces: trimBlank(value) === '' ? [] : [value] });
  }
  return {
    fields: open.map(({ name, pieces }) => ({ name, value: trimBlank(pieces.join('\n')) })),
    isCut,
    isBody: false,
  };
}

/**
 * A line behind a fold. Unfolding takes the line end alone away (RFC 5322 §2.2.3), so spaces before it and the one behind it,
 * which the fold's line feed stands for, are text; what more there is was put there for the eye, but in a subject.
 */
function continued(line: string): string {
  const text = withoutReturn(line.slice(1));
  return /^[ \t]/.test(text) ? trimBlank(text) : text;
}

/** The CRs of a line end. No pattern: `\\r+$` looks at a flood of them again from each. */
function withoutReturn(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return line.slice(0, end);
}

/** The value of the first field of that name. */
export function firstValue(fields: readonly ReceivedField[], name: string): string | null {
  return fields.find((field) => field.name === name)?.value ?? null;
}

/** A value as text. 8-bit bytes are decoded as what they are, or as the rest of the mail is; folds stay line feeds. */
export function fieldText(value: string, elsewhere: string | null): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ISO-2022 begins with an escape
  return /[\x1b\x80-\xff]/.test(value) ? decodeUndeclared(bytesOfBinary(value), elsewhere) : value;
}

/** `trim` would take 0xa0 for a space, which is the end of many a character in UTF-8. */
export function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start += 1;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}
