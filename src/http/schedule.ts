import * as chrono from 'chrono-node/en';

/** Contract, section 7: further ahead is refused. */
export const MAX_AHEAD_MS = 30 * 24 * 60 * 60 * 1000;
/** Longer text is no date; the English parser's patterns are not asked about it. */
const MAX_TEXT = 64;
const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;

export type Schedule =
  /** Milliseconds since 1970 UTC, never before `now`: a past moment means now. */
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'too_far' };

/** What `scheduled_at` means at the moment `now`: ISO 8601, or English resolved once. */
export function readSchedule(given: string, now: number): Schedule {
  const text = given.trim();
  if (text === '' || text.length > MAX_TEXT) return { kind: 'unreadable' };
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? isoMoment(text) : englishMoment(text, now);
  if (at === null) return { kind: 'unreadable' };
  return at > now + MAX_AHEAD_MS ? { kind: 'too_far' } : { kind: 'at', at: Math.max(at, now) };
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?([Zz]|[+-]\d{2}(?::?\d{2})?))?)?$/;

/** ISO 8601 with `Z`, an offset or neither (then UTC); null when it is something else or no moment, as February 30. */
function isoMoment(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  const offset = offsetMinutes(zone);
  const millis = fraction.slice(0, 3).padEnd(3, '0');
  const spelled = `${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}Z`;
  const wall = Date.parse(spelled);
  // A day that does not exist is moved on by the parser, so it must come back as it was written.
  if (offset === null || Number.isNaN(wall) || new Date(wall).toISOString() !== spelled) return null;
  return wall - offset * MINUTE_MS;
}

/** Minutes east of UTC of `Z`, `+02`, `+0200` or `-05:30`; null beyond what clocks anywhere show. */
function offsetMinutes(zone: string): number | null {
  if (zone === 'Z' || zone === 'z') return 0;
  const match = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone);
  if (match === null) return null;
  const hours = Number(match[2]);
  const minutes = Number(match[3] ?? '0');
  if (hours > 14 || minutes > 59) return null;
  return (match[1] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** Minutes east of UTC at a moment. */
type Zone = (instant: number) => number;

const fixed =
  (minutes: number): Zone =>
  () =>
    minutes;

const ZONES: ReadonlyMap<string, Zone> = new Map([
  ['UTC', fixed(0)],
  ['GMT', fixed(0)],
  ['Z', fixed(0)],
  ...american('E', 'America/New_York', -300),
  ...american('C', 'America/Chicago', -360),
  ...american('M', 'America/Denver', -420),
  ...american('P', 'America/Los_Angeles', -480),
]);

/** `ET` follows the daylight rules, `EST` and `EDT` say which they mean. */
function american(letter: string, place: string, standard: number): readonly [string, Zone][] {
  return [
    [`${letter}T`, (instant) => placeOffset(place, instant)],
    [`${letter}ST`, fixed(standard)],
    [`${letter}DT`, fixed(standard + 60)],
  ];
}

function placeOffset(place: string, instant: number): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: place, timeZoneName: 'longOffset' });
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  return name === 'GMT' ? 0 : (offsetMinutes(name.slice('GMT'.length)) ?? 0);
}

/** Splits `Friday at 3pm ET` into what a clock on a wall shows and where that wall is. */
function splitZone(text: string): { readonly rest: string; readonly zone: Zone } | null {
  const named = /^(.*\S)\s*(?:\b(?:UTC|GMT)\s?|\s)([+-]\d{1,2}:?\d{2}|(?<=(?:UTC|GMT)\s?)[+-]\d{1,2})$/i.exec(
    text,
  );
  if (named !== null) {
    const offset = offsetMinutes(named[2] ?? '');
    return offset === null ? null : { rest: named[1] ?? '', zone: fixed(offset) };
  }
  const word = /^(.*\S)\s+([A-Z]{1,3})$/i.exec(text);
  const zone = ZONES.get(word?.[2]?.toUpperCase() ?? '');
  return word === null || zone === undefined ? { rest: text, zone: fixed(0) } : { rest: word[1] ?? '', zone };
}

/**
 * English, read as a clock on the wall in that zone shows it: the parser is told that the wall's time is UTC, so that
 * neither the host's zone nor the parser's own list of zones has a say.
 */
function englishMoment(text: string, now: number): number | null {
  const split = splitZone(text);
  if (split === null) return null;
  const { rest, zone } = split;
  const wallNow = now + zone(now) * MINUTE_MS;
  const found = chrono.casual.parse(rest, { instant: new Date(wallNow), timezone: 0 }, { forwardDate: true });
  const [first] = found;
  // All of the text must be the moment: half-understood text would send mail at a time nobody meant.
  if (first === undefined || found.length !== 1 || first.text !== rest || first.end) return null;
  const { start } = first;
  // A zone of the parser's own list (`CET`), or a second one.
  if (start.isCertain('timezoneOffset') && start.get('timezoneOffset') !== 0) return null;
  let wall = start.date().getTime();
  // A weekday without a date is the next such moment, also when today is that day and the hour is past.
  if (start.isCertain('weekday') && !start.isCertain('day') && wall <= wallNow) wall += WEEK_MS;
  const guess = wall - zone(wall) * MINUTE_MS;
  return wall - zone(guess) * MINUTE_MS;
}
