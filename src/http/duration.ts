/** Longer text is no duration. */
const MAX_TEXT = 64;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const UNITS: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
/** The plain word, its plural and its first letter; each unit once, the largest first. */
const DURATION =
  /^(?:(\d{1,5})\s*d(?:ays?)?)?\s*(?:(\d{1,5})\s*h(?:(?:ou)?rs?)?)?\s*(?:(\d{1,5})\s*m(?:in(?:ute)?s?)?)?\s*(?:(\d{1,5})\s*s(?:ec(?:ond)?s?)?)?$/i;

/** `10m`, `2 hours`, `1h 30m`, `1 day` in milliseconds; null for anything else, and for nothing at all. */
export function readDuration(given: string): number | null {
  const text = given.trim();
  const match = text.length > MAX_TEXT ? null : DURATION.exec(text);
  if (match === null) return null;
  const sum = ['d', 'h', 'm', 's'].reduce((total, unit, index) => {
    return total + Number(match[index + 1] ?? 0) * (UNITS[unit] ?? 0);
  }, 0);
  return sum > 0 ? sum : null;
}
