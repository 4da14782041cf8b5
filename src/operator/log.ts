/** In order of weight. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Fact = string | number | boolean | null;

/** One line. Names of facts are ours; values may come from strangers. */
export interface Line {
  readonly level: LogLevel;
  readonly event: string;
  readonly [fact: string]: Fact;
}

export type Log = (line: Line) => void;

// A reply or a header may be a megabyte long: a line of the log is not (threats.md section 13).
const MAX_FACT_CHARACTERS = 500;
const MAX_FACTS = 24;

/** So much of a value is searched for secrets: far more than is shown, so that none is cut in two and missed. */
const MAX_SEARCHED_CHARACTERS = 64 * 1024;

/** Shorter values would be found everywhere; a secret that short is refused when it is configured. */
const MIN_SECRET_CHARACTERS = 4;

// JSON escapes U+0000 to U+001F alone. DEL, the C1 controls (U+009B starts a terminal sequence in eight bits), the line
// separators and the bidirectional marks are escaped here, so that a line is one line on every screen.
const UNPRINTABLE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udfff]/g;

const ADDRESS = /[^\s<>@"',;:()[\]]+@([^\s<>@"',;:()[\]]+)/g;

/** Our own tokens and anything that travels behind `AUTH` or `Bearer`. */
const TOKEN = /\b[a-z0-9]{1,16}_[a-z0-9-]{1,32}_[A-Za-z0-9]{42}\b/g;
const CREDENTIAL = /\b(AUTH\s+\S+|Bearer)\s+\S+/gi;

/**
 * A log of one JSON line each, for people's tools. Full recipients appear as `a***@domain`; `secrets` (passwords, keys)
 * and everything of a token's form are blotted out wherever they turn up.
 */
export function createLog(to: {
  readonly level: LogLevel;
  readonly secrets: readonly string[];
  readonly now: () => number;
  readonly write: (text: string) => void;
}): Log {
  const least = LOG_LEVELS.indexOf(to.level);
  const secrets = to.secrets.filter((secret) => secret.length >= MIN_SECRET_CHARACTERS);
  return (line) => {
    if (LOG_LEVELS.indexOf(line.level) < least) return;
    const shown: Record<string, Fact> = { time: new Date(to.now()).toISOString() };
    for (const [name, fact] of Object.entries(line).slice(0, MAX_FACTS))
      shown[name] = typeof fact === 'string' ? tellable(fact, secrets) : fact;
    const text = JSON.stringify(shown);
    to.write(`${text.replace(UNPRINTABLE, (character) => escaped(character))}\n`);
  };
}

/** `ann@example.com` as `a***@example.com`. */
export function maskAddresses(text: string): string {
  return text.replace(ADDRESS, (whole, domain: string) => `${[...whole][0] ?? ''}***@${domain}`);
}

function tellable(fact: string, secrets: readonly string[]): string {
  // Blotted before it is cut: half a secret must not be left at the edge. A bound stands before the patterns all the same.
  const bounded = fact.slice(0, MAX_SEARCHED_CHARACTERS);
  const blotted = secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), bounded);
  // Nearly all are ids and words of ours: nothing of what is looked for is without one of these.
  if (!/[\s@_]/.test(blotted) && blotted.length <= MAX_FACT_CHARACTERS) return blotted;
  const plain = maskAddresses(blotted.replace(TOKEN, '[secret]').replace(CREDENTIAL, '$1 [secret]'));
  return plain.length > MAX_FACT_CHARACTERS ? `${plain.slice(0, MAX_FACT_CHARACTERS)}…` : plain;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
