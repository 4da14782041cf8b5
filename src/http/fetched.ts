import { BrokenBody, type Egress } from '../net/egress.ts';
import { failureText } from '../net/failure-text.ts';
import type { Hasher } from '../objects/hasher.ts';
import { joined } from './collect.ts';
import { type Found, heldBytes, passingBytes } from './file-bytes.ts';
import { overLimit } from './message-limit.ts';
import type { Shelf } from './shelf.ts';

/** Up to here a file is held in memory; beyond it, it is put down while it comes. */
const HELD_BYTES = 256 * 1024;

interface FetchParts {
  readonly egress: Pick<Egress, 'fetch'>;
  readonly shelf: Shelf;
  readonly hasher: () => Hasher;
  /** Of a file, and of the message it is for. */
  readonly fileLimit: number;
  readonly messageLimit: number;
  readonly withinMs: number;
  readonly signal: AbortSignal;
  /** Nothing may be stored: a dry run holds it all. */
  readonly isDryRun: boolean;
}

/** The file behind a caller's URL. Only a plain 200 is one: anything else is about the request, not the file. */
export async function fetchFile(url: string, parts: FetchParts): Promise<Found> {
  const { egress, fileLimit: maxBytes, withinMs, signal } = parts;
  const request = { purpose: 'attachment', method: 'GET', url, headers: {}, body: null } as const;
  const result = await egress.fetch({ ...request, withinMs, maxBytes, signal });
  if (!result.ok) return failed(result.failure, parts);
  const { status, body, discard } = result.answer;
  if (status !== 200) {
    discard();
    return { kind: 'missing', rule: `It answered with status ${status}.` };
  }
  try {
    return await received(body, parts);
  } catch (cause) {
    discard();
    if (cause instanceof BrokenBody) return failed(cause.failure, parts);
    throw cause;
  }
}

function failed(failure: BrokenBody['failure'], { messageLimit, fileLimit }: FetchParts): Found {
  // As large as a message may be, it is the message that is too large.
  return failure.kind === 'too_large' && failure.limit === fileLimit
    ? { kind: 'refused', refusal: overLimit(messageLimit) }
    : { kind: 'missing', rule: failureText(failure) };
}

async function received(body: AsyncIterable<Uint8Array>, parts: FetchParts): Promise<Found> {
  const { shelf, hasher, isDryRun } = parts;
  const pieces = body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const step = await pieces.next();
    if (step.done === true) break;
    held.push(step.value);
    size += step.value.length;
    if (size <= HELD_BYTES || isDryRun) continue;
    const first = joined(held);
    const passing = await shelf.pass(resumed(first, pieces));
    return { kind: 'found', bytes: passingBytes(passing, first, shelf) };
  }
  if (size === 0) return { kind: 'missing', rule: 'The file is empty.' };
  const bytes = joined(held);
  const sha256 = async () => {
    const hash = hasher();
    hash.update(bytes);
    return await hash.digest();
  };
  return { kind: 'found', bytes: heldBytes({ bytes, sha256, shelf }) };
}

async function* resumed(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  let isOver = false;
  try {
    yield first;
    for (;;) {
      const step = await rest.next();
      if (step.done === true) break;
      yield step.value;
    }
    isOver = true;
  } finally {
    // Whoever stopped reading does not want the rest: the connection is closed.
    if (!isOver) await rest.return?.();
  }
}
