import type { FiredType } from '../../schemas/webhook-type.ts';

/** delivery.md §12: below 20 KB. */
export const MAX_PAYLOAD_BYTES = 20_000;

/** What a long text of a server, or of a mail, is cut to when the payload would be too long. */
const SHORT_CHARACTERS = 200;
const FEW_RECIPIENTS = 10;

type Data = Readonly<Record<string, unknown>>;

/**
 * The text that is stored and sent, every time the same. What would be longer loses the least needed first, and says so by
 * `truncated`: everything can be read through the API.
 */
export function payloadText({
  type,
  createdAt,
  data,
}: {
  readonly type: FiredType;
  readonly createdAt: number;
  readonly data: Data;
}): string {
  const print = (shown: Data): string =>
    JSON.stringify({ type, created_at: new Date(createdAt).toISOString(), data: shown });
  let shown = data;
  for (const shorten of SHORTENINGS) {
    const text = print(shown);
    if (byteLength(text) <= MAX_PAYLOAD_BYTES) return text;
    shown = { ...shorten(shown), truncated: true };
  }
  return print(shown);
}

const SHORTENINGS: readonly ((data: Data) => Data)[] = [
  ({ headers: _headers, ...rest }) => rest,
  (data) => shortTexts(data, new Set(['response', 'message', 'diagnosticCode'])),
  ({ to, ...rest }) => ({ ...rest, ...(Array.isArray(to) ? { to: to.slice(0, FEW_RECIPIENTS) } : {}) }),
  ({ tags: _tags, ...rest }) => rest,
  (data) => shortTexts(data, null),
];

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
  const points = [...text];
  return points.length <= SHORT_CHARACTERS ? text : `${points.slice(0, SHORT_CHARACTERS).join('')}…`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
