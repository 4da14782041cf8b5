import type { ParsedField } from './parsed.ts';
import { addressesIn } from './report-address.ts';
import { readHeader } from './report-fields.ts';

/** Of the words for people the beginning is read: where a mail is returned in the text, it stands behind them. */
const MAX_PROSE = 64 * 1024;
const MAX_LINES = 1_000;
const MAX_LINE = 1_000;

/** The words of a report, and the mail that was returned below them in the same text. */
export interface Prose {
  readonly lines: readonly string[];
  /** In lower case, line by line. */
  readonly addresses: readonly (readonly string[])[];
  readonly returned: readonly ParsedField[];
}

/** A line that announces the returned mail: `----- Original message -----`, `--- Below this line is a copy of the message.` */
const SEPARATOR =
  /^[\s>*#=_\-+|]*(?:(?:below this line|this) is (?:a|the) copy of (?:the|your)|(?:the )?headers? of the original|(?:the |your )?original (?:e-?)?(?:message|mail)(?: (?:follows|headers?|info|text|is attached|as sent))*[\W_]*$|(?:unsent|returned|bounced|undelivered|rejected) (?:e-?)?(?:message|mail)\s*(?:follows|:|-|$)|(?:your|the) (?:original )?message (?:headers? )?(?:is|are|follows?)\b.{0,20}(?:below|follow|attached|here)|message (?:headers?|text) follows?|(?:copy|text) of (?:the|your) (?:original )?message|begin forwarded message)/i;

/** Fields of RFC 3464 that somebody put into the text are not words. */
const MACHINE = /^(?:reporting-mta|final-recipient|original-envelope-id):/i;

const FIELD_LINE = /^([A-Za-z][A-Za-z-]{1,40}):(?:[ \t]|$)/;
/** Only the header of a mail has these. */
const TELLING = new Set(['received', 'return-path', 'message-id', 'mime-version', 'dkim-signature']);
/** Fields in a row that make a header. */
const MIN_FIELDS = 3;

export function readProse(text: string): Prose {
  const lines = text
    .slice(0, MAX_PROSE)
    .split('\n')
    .slice(0, MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE));
  const separator = lines.findIndex((line) => SEPARATOR.test(line));
  const header = headerIn(lines);
  const machine = lines.findIndex((line) => MACHINE.test(line));
  const ends = [separator, header, machine].filter((at) => at >= 0);
  const end = ends.length === 0 ? lines.length : Math.min(...ends);
  const start = header >= end ? header : separator + 1;
  const isReturned = header >= 0 || separator >= 0;
  const words = lines.slice(0, end);
  return {
    lines: words,
    addresses: words.map((line) => addressesIn(line).map(({ address }) => address.toLowerCase())),
    returned: isReturned ? readHeader(lines.slice(start).join('\n')) : [],
  };
}

/** Where the header of a returned mail begins; -1 where there is none. */
function headerIn(lines: readonly string[]): number {
  let start = -1;
  let fields = 0;
  let isTelling = false;
  for (const [i, line] of lines.entries()) {
    const name = FIELD_LINE.exec(line)?.[1]?.toLowerCase();
    if (name === undefined) {
      if (start >= 0 && /^[ \t]+\S/.test(line)) continue;
      start = -1;
      fields = 0;
      isTelling = false;
      continue;
    }
    if (start < 0) start = i;
    fields += 1;
    isTelling ||= TELLING.has(name);
    if (fields >= MIN_FIELDS && isTelling) return start;
  }
  return -1;
}

const MAX_SECTIONS = 4;
const MAX_SECTION_LINES = 20;
/** A line of a transcript stands for itself. */
const ANSWER = /^[\s>]*(?:<<<\s*)?[45]\d\d[\s-]/;

/**
 * The lines about one recipient: from one that names it to the next empty one, or to one that names another.
 *
 * @param all recipients of the report, in lower case
 */
export function sectionOf({ lines, addresses }: Prose, address: string, all: ReadonlySet<string>): string {
  const wanted = address.toLowerCase();
  const isEnd = (i: number): boolean =>
    lines[i]?.trim() === '' || addresses[i]?.some((one) => one !== wanted && all.has(one)) === true;
  const sections: string[] = [];
  for (let i = 0; i < lines.length && sections.length < MAX_SECTIONS; i += 1) {
    if (addresses[i]?.includes(wanted) !== true) continue;
    let end = i + 1;
    const last = Math.min(lines.length, ANSWER.test(lines[i] ?? '') ? end : end + MAX_SECTION_LINES);
    while (end < last && !isEnd(end)) end += 1;
    sections.push(lines.slice(i, end).join('\n'));
    i = end - 1;
  }
  return sections.join('\n\n');
}
