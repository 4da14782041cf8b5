import { bytesOfBinary, concatenated } from './bytes.ts';
import { charsetOf, decodeAs, decodeUndeclared } from './charsets.ts';
import { trimBlank } from './parse-header.ts';
import { MAX_PARAMETERS } from './parse-limits.ts';
import { decodeReceivedWords } from './parse-words.ts';

/** `name`, `name*`, `name*0`, `name*0*` (RFC 2231 §3, §4). */
const SECTION = /^([^*]+)(?:\*(\d{1,9}))?(\*)?$/;

interface Section {
  readonly number: number | null;
  readonly isEncoded: boolean;
  /** One character for each byte. */
  readonly value: string;
}

/** A Content-Type or Content-Disposition as it reads: a value in lower case, and parameters. */
export interface ParameterField {
  readonly value: string;
  readonly isCut: boolean;
  readonly sections: ReadonlyMap<string, readonly Section[]>;
}

/**
 * Reads a value with parameters (RFC 2045 §5.1), as it came. Comments are passed over; semicolons may be missing at a fold;
 * a value without quotes reaches to its semicolon.
 */
export function readParameters(written: string): ParameterField {
  const sections = new Map<string, Section[]>();
  const [first, ...rest] = piecesOf(written);
  let isCut = false;
  for (const [count, piece] of rest.entries()) {
    if (count >= MAX_PARAMETERS) {
      isCut = true;
      break;
    }
    const match = SECTION.exec(piece.name);
    const name = match?.[1];
    if (name === undefined) continue;
    const section = {
      number: match?.[2] === undefined ? null : Number(match[2]),
      isEncoded: match?.[3] === '*',
      value: piece.value,
    };
    const known = sections.get(name);
    if (known === undefined) sections.set(name, [section]);
    else known.push(section);
  }
  return { value: first?.name ?? '', isCut, sections };
}

/** A parameter that is ASCII by its nature: boundary, charset, format. The first of two counts. */
export function plainParameter(field: ParameterField, name: string): string | null {
  const sections = field.sections.get(name);
  if (sections === undefined) return null;
  const whole = sections.find(({ number, isEncoded }) => number === null && !isEncoded);
  return (
    whole?.value ??
    joinedOf(sections)
      ?.map(({ value }) => value)
      .join('') ??
    null
  );
}

/**
 * A parameter that is text: a file name. Of several forms that contradict each other `name*` counts, then `name*0`, then
 * `name` with what encoded words it holds (RFC 2047 §5 forbids them there; half of all mail has them).
 */
export function textParameter(field: ParameterField, name: string, elsewhere: string | null): string | null {
  const sections = field.sections.get(name);
  if (sections === undefined) return null;
  const joined = joinedOf(sections);
  if (joined !== null) {
    const text = extendedText(joined, elsewhere);
    if (text !== null) return text;
  }
  const whole = sections.find(({ number, isEncoded }) => number === null && !isEncoded);
  return whole === undefined ? null : decodeReceivedWords(whole.value, elsewhere);
}

/** `name*`, or the sections from 0 on as far as they follow each other, whatever their order in the field. */
function joinedOf(sections: readonly Section[]): readonly Section[] | null {
  const whole = sections.find(({ number, isEncoded }) => number === null && isEncoded);
  if (whole !== undefined) return [whole];
  const byNumber = new Map<number, Section>();
  for (const section of sections)
    if (section.number !== null && !byNumber.has(section.number)) byNumber.set(section.number, section);
  const joined: Section[] = [];
  for (let next = byNumber.get(0); next !== undefined; next = byNumber.get(joined.length)) joined.push(next);
  return joined.length === 0 ? null : joined;
}

/** Joined before it is decoded: a section may end inside a character. */
function extendedText(sections: readonly Section[], elsewhere: string | null): string | null {
  const [first] = sections;
  if (first === undefined) return null;
  if (sections.every(({ isEncoded }) => !isEncoded))
    return decodeReceivedWords(sections.map(({ value }) => value).join(''), elsewhere);
  const delimited = first.isEncoded ? /^([^']*)'[^']*'/.exec(first.value) : null;
  const bytes = concatenated(
    sections.map(({ value, isEncoded }, i) => {
      const own = i === 0 && delimited !== null ? value.slice(delimited[0].length) : value;
      return isEncoded ? bytesOfPercent(own) : bytesOfBinary(own);
    }),
  );
  const charset = charsetOf(delimited?.[1] ?? '');
  const text = charset.kind === 'known' ? decodeAs(charset.name, bytes) : decodeUndeclared(bytes, elsewhere);
  return text.replace(/\p{Cc}/gu, ' ');
}

function bytesOfPercent(value: string): Uint8Array {
  const pieces = value.split('%');
  return concatenated(
    pieces.map((piece, i) => {
      if (i === 0) return bytesOfBinary(piece);
      const hex = /^[0-9A-Fa-f]{2}/.exec(piece)?.[0];
      if (hex === undefined) return bytesOfBinary(`%${piece}`);
      return bytesOfBinary(String.fromCharCode(Number.parseInt(hex, 16)) + piece.slice(2));
    }),
  );
}

interface Piece {
  /** Lower case, without white space. */
  readonly name: string;
  readonly value: string;
}

/** The value (as a name), then each parameter. */
function piecesOf(written: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at <= written.length && pieces.length <= MAX_PARAMETERS + 1) {
    const name = nameAt(written, at);
    at = name.end;
    let value = '';
    if (written[at] === '=') {
      const read = valueAt(written, at + 1);
      value = read.text;
      at = read.end;
      pieces.push({ name: name.text, value });
    } else if (pieces.length === 0) pieces.push({ name: name.text, value });
    if (written[at] === ';' || written[at] === '\n') at += 1;
    else if (at >= written.length) break;
  }
  return pieces;
}

interface Read {
  readonly text: string;
  /** The place behind it. */
  readonly end: number;
}

/** Up to `=`, `;` or a fold with a parameter behind it; comments and white space are nothing. */
function nameAt(written: string, start: number): Read {
  let text = '';
  let at = start;
  while (at < written.length) {
    const character = written.charAt(at);
    if (character === '=' || character === ';') break;
    if (character === '\n' && text !== '' && isParameterAt(written, at + 1)) break;
    if (character === '(') at = endOfComment(written, at);
    else {
      if (!/[ \t\r\n"]/.test(character)) text += character;
      at += 1;
    }
  }
  return { text: text.toLowerCase(), end: at };
}

function valueAt(written: string, start: number): Read {
  let at = start;
  while (/[ \t\r\n]/.test(written.charAt(at))) at += 1;
  if (written[at] === '"') return quotedAt(written, at);
  const from = at;
  while (
    at < written.length &&
    written[at] !== ';' &&
    !(written[at] === '\n' && isParameterAt(written, at + 1))
  )
    at += 1;
  return {
    text: trimBlank(written.slice(from, at)).replaceAll('\n', ' '),
    end: at,
  };
}

/** A backslash escapes a quote or itself; before anything else it is part of a path, as Windows writes it. */
function quotedAt(written: string, start: number): Read {
  let text = '';
  let at = start + 1;
  while (at < written.length && written[at] !== '"') {
    if (written[at] === '\\' && /["\\]/.test(written.charAt(at + 1))) at += 1;
    text += written.charAt(at);
    at += 1;
  }
  // Whatever stands between the closing quote and the semicolon is nothing.
  let end = at + 1;
  while (end < written.length && written[end] !== ';' && written[end] !== '\n') end += 1;
  return { text: text.replaceAll('\n', ' '), end };
}

function isParameterAt(written: string, start: number): boolean {
  return /^[ \t]*[A-Za-z0-9_*-]{1,64}[ \t]*=/.test(written.slice(start, start + 80));
}

/** Comments nest (RFC 5322 §3.2.2); one that does not end reaches to the end: a flood of brackets is read once. */
function endOfComment(written: string, start: number): number {
  let depth = 0;
  for (let at = start; at < written.length; at += 1) {
    const character = written.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '(') depth += 1;
    else if (character === ')') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return written.length;
}
