/** `strict` ends a message at CRLF dot CRLF alone; `lax` at a dot between any two line ends, as careless servers do. */
export type EndOfData = 'strict' | 'lax';

/** The longest end there is, CRLF dot CRLF. */
export const END_LENGTH = 5;

const ENDS: Record<EndOfData, RegExp> = {
  strict: /(^|\r\n)\.\r\n/,
  lax: /(^|\r\n|\n|\r)\.(?:\r\n|\n|\r(?!\n))/,
};

/** Whether an end may lie in what has just come, the last `END_LENGTH - 1` characters from before in front of it. */
export function mayEndIn(latest: string, mode: EndOfData): boolean {
  return ENDS[mode].test(latest);
}

/** Cuts the first message off what has been received after DATA (as a byte string); null while its end is missing. */
export function cutMessage(
  received: string,
  mode: EndOfData,
): { readonly raw: string; readonly rest: string } | null {
  const match = ENDS[mode].exec(received);
  if (match === null) return null;
  // A CR at the very end may be half of a CRLF.
  if (match[0].endsWith('\r') && match.index + match[0].length === received.length) return null;
  const lineEnd = match[1] ?? '';
  const raw = received.slice(0, match.index + lineEnd.length);
  return { raw, rest: received.slice(match.index + match[0].length) };
}

/** Takes the doubled dots back (RFC 5321 §4.5.2). */
export function unstuff(raw: string): string {
  return raw.replaceAll(/(^|\r\n)\./g, '$1');
}
