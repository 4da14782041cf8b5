import { MAX_DATE_CHARACTERS } from './parse-limits.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** RFC 5322 §4.3, and some that are met; hours from UTC. Any other letters mean no known zone: UTC. */
const ZONES: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  BST: 1,
  WEST: 1,
  CET: 1,
  MET: 1,
  CEST: 2,
  MEST: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  KST: 9,
  JST: 9,
};

/** `1 Jul 2003 10:52:37 +0200`, with a weekday or without, dashes for spaces, the month as a number. */
const MAIL_DATE =
  /(?<!\d)(\d{1,2})[\s.-]+([A-Za-z]{3,9}|\d{1,2})[\s.,-]+(\d{2,4}),?\s+(\d{1,2})[:.](\d{1,2})(?:[:.](\d{1,2}))?(?:[.,]\d{1,9})?\s*([AaPp][Mm]\b)?\s*([+-]\s?\d{1,2}:?\d{2}(?!\d)|[A-Za-z]{1,5})?/;
/** `Jul 1 10:52:37 2003`, as `ctime` writes it, with a zone before the year or behind it. */
const C_DATE =
  /([A-Za-z]{3,9})\s+(\d{1,2}),?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s+(?:([A-Za-z]{1,5})\s+)?(\d{4})\s*([+-]\d{4}|[A-Za-z]{1,5})?/;
const ISO_DATE =
  /(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}))?(?:[.,]\d{1,9})?\s*([+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?/;

/**
 * The moment that a `Date` field names, in milliseconds since 1970 UTC; null when it is no date. Comments may stand
 * anywhere, years may have two digits (RFC 5322 §4.3), the weekday is not believed.
 */
export function readReceivedDate(written: string): number | null {
  const text = withoutComments(written.slice(0, MAX_DATE_CHARACTERS)).replace(/\s+/g, ' ');
  const mail = MAIL_DATE.exec(text);
  if (mail !== null) {
    const [, day, month, year, hour, minute, second, half, zone] = mail;
    return moment({ year, month, day, hour: halfDay(hour, half), minute, second, zone });
  }
  const iso = ISO_DATE.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, zone] = iso;
    return moment({ year, month, day, hour, minute, second, zone });
  }
  const c = C_DATE.exec(text);
  if (c === null) return null;
  const [, month, day, hour, minute, second, before, year, behind] = c;
  return moment({ year, month, day, hour, minute, second, zone: behind ?? before });
}

type Written = string | undefined;

function moment(date: {
  readonly year: Written;
  readonly month: Written;
  readonly day: Written;
  readonly hour: Written;
  readonly minute: Written;
  readonly second: Written;
  readonly zone: Written;
}): number | null {
  const month = monthOf(date.month ?? '');
  const day = Number(date.day);
  const hour = Number(date.hour);
  const minute = Number(date.minute);
  const second = Number(date.second ?? '0');
  if (month === null || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60) return null;
  const local = Date.UTC(fullYear(date.year ?? ''), month, day, hour, minute, Math.min(second, 59));
  return local - zoneMinutes(date.zone ?? '') * 60_000;
}

function monthOf(text: string): number | null {
  if (/^\d/.test(text)) return Number(text) >= 1 && Number(text) <= 12 ? Number(text) - 1 : null;
  const found = MONTHS.indexOf(text.slice(0, 3).toLowerCase());
  return found < 0 ? null : found;
}

/** RFC 5322 §4.3: two digits below 50 are of this century, three count from 1900. */
function fullYear(text: string): number {
  const year = Number(text);
  if (text.length === 2 && year < 50) return year + 2_000;
  return text.length < 4 ? year + 1_900 : year;
}

function halfDay(hour: Written, half: Written): Written {
  if (hour === undefined || half === undefined) return hour;
  const twelve = Number(hour) % 12;
  return String(/p/i.test(half) ? twelve + 12 : twelve);
}

/** Minutes east of UTC. More than a day is no zone. */
function zoneMinutes(zone: string): number {
  const digits = /^([+-])\s?(\d{1,2}):?(\d{2})$/.exec(zone);
  if (digits === null) return (ZONES[zone.toUpperCase()] ?? 0) * 60;
  const minutes = Number(digits[2]) * 60 + Number(digits[3]);
  if (minutes > 24 * 60) return 0;
  return digits[1] === '-' ? -minutes : minutes;
}

/** Comments nest, and one that does not end reaches to the end. */
function withoutComments(text: string): string {
  let kept = '';
  let depth = 0;
  for (const character of text) {
    if (character === '(') {
      depth += 1;
      kept += ' ';
    } else if (character === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) kept += character;
  }
  return kept;
}
