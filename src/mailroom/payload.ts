import type { FiredType } from '../../schemas/webhook-type.ts';
import { jsonSize } from './json-size.ts';

/** delivery.md §12: below 20 KB. */
export const MAX_PAYLOAD_BYTES = 20_000;

/** For those who asked for text and files: a call is still one small request, and a row below 2 MB. */
export const MAX_FULL_PAYLOAD_BYTES = 256 * 1024;

/** What a long text of a server, or of a mail, is cut to when the payload would be too long. */
const SHORT_CHARACTERS = 200;
const FEW = 10;

type Data = Readonly<Record<string, unknown>>;

/**
 * The text that is stored and sent, every time the same. What would be longer loses the least needed first, and says so by
 * `truncated`: everything can be read through the API.
 */
export function payloadText(happening: Happening): string {
  return shortened(happening, { bytes: MAX_PAYLOAD_BYTES, shortenings: SHORTENINGS });
}

/** The longer text of the same event. */
export function fullPayloadText(happening: Happening): string {
  return shortened(happening, {
    bytes: MAX_FULL_PAYLOAD_BYTES,
    shortenings: [...FULL_SHORTENINGS, ...SHORTENINGS],
  });
}

interface Happening {
  readonly type: FiredType;
  readonly createdAt: number;
  readonly data: Data;
}

type Shortening = (data: Data) => Data;

function shortened(
  { type, createdAt, data }: Happening,
  { bytes, shortenings }: { readonly bytes: number; readonly shortenings: readonly Shortening[] },
): string {
  const event = (shown: Data): Data => ({
    type,
    created_at: new Date(createdAt).toISOString(),
    data: shown,
  });
  let shown = data;
  for (const shorten of shortenings) {
    if (jsonSize(event(shown), bytes) <= bytes) break;
    shown = { ...shorten(shown), truncated: true };
  }
  return JSON.stringify(event(shown));
}

const SHORTENINGS: readonly Shortening[] = [
  ({ headers: _headers, ...rest }) => rest,
  (data) => shortTexts(data, new Set(['response', 'message', 'diagnosticCode'])),
  (data) => shortLists(data, FEW),
  ({ tags: _tags, ...rest }) => rest,
  (data) => shortTexts(data, null),
  // Ten names of 200 characters in each of the lists of a received mail.
  (data) => shortLists(data, 1),
];

/** HTML first: whoever has both reads the text. */
const FULL_SHORTENINGS: readonly Shortening[] = [
  (data) => ({ ...data, html: null }),
  ({ headers: _headers, ...rest }) => rest,
  (data) => ({ ...data, text: null }),
  // Of control characters it may be six times as long in JSON; and a link that is cut is none.
  (data) => ({ ...data, stripped_text: null }),
];

/** Cuts each list of mailboxes and files: whoever is in it can be read through the API. */
function shortLists(data: Data, length: number): Data {
  const entries = Object.entries(data);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.slice(0, length) : value]),
  );
}

/** Cuts the texts under these names, or all of them, at whatever depth. */
function shortTexts(data: Data, names: ReadonlySet<string> | null): Data {
  const shorten = (value: unknown, isNamed: boolean): unknown => {
    if (typeof value === 'string') return isNamed ? cut(value) : value;
    if (Array.isArray(value)) return value.map((one) => shorten(one, isNamed));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, shorten(one, names === null || names.has(name))]),
    );
  };
  return shorten(data, names === null) as Data;
}

/** Never in the middle of a pair: half of one is no character. */
function cut(text: string): string {
  // No point has more than two units: what lies behind these is cut in any case.
  const points = [...text.slice(0, 2 * SHORT_CHARACTERS + 1)];
  return points.length <= SHORT_CHARACTERS ? text : `${points.slice(0, SHORT_CHARACTERS).join('')}…`;
}
