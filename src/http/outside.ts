import type { UploadRecord } from '../mailroom/attachment-records.ts';
import { type Source, unknownUpload } from './attachments.ts';
import { fetchFile } from './fetched.ts';
import { type Found, uploadedBytes } from './file-bytes.ts';
import { fileLimit, messageLimit, overLimit } from './message-limit.ts';
import type { Parts } from './parts.ts';
import type { Shelf } from './shelf.ts';

/** Against a request that makes us knock on many doors: what a full batch with two files for each mail asks. */
export const MAX_SOURCES = 200;

/** For all files of a request together: a reservation of its idempotency key lasts a minute. */
const FETCH_WITHIN_MS = 30_000;
/** A Worker may have six connections being opened at a time. */
const FETCHES_AT_ONCE = 4;

/** What a request wants that is not in it: each source once. */
export interface Wants {
  readonly urls: ReadonlySet<string>;
  readonly uploads: ReadonlySet<string>;
}

export function wantsOf(sources: readonly Source[]): Wants {
  return {
    urls: new Set(sources.flatMap((source) => (source.kind === 'url' ? [source.url] : []))),
    uploads: new Set(sources.flatMap((source) => (source.kind === 'upload' ? [source.id] : []))),
  };
}

/** What was found of it. */
export type Outside = (source: Exclude<Source, { kind: 'content' }>, field: string) => Found;

/** For a request that wants nothing. */
export const NOTHING_OUTSIDE: Outside = (_, field) => ({ kind: 'refused', refusal: unknownUpload(field) });

interface GatherCall {
  readonly wants: Wants;
  /** Those of the uploads that the room knows. */
  readonly uploads: readonly UploadRecord[];
  readonly shelf: Shelf;
  readonly parts: Pick<Parts, 'egress' | 'objects' | 'hasher' | 'clock' | 'relayLimit' | 'settings'>;
  readonly now: number;
  readonly isDryRun: boolean;
  /** How many mails the files are for. */
  readonly mails: number;
  readonly signal: AbortSignal;
}

/**
 * Gets everything that the mails of a request name by URL or upload: each once, a few at a time, and all within one time limit.
 *
 * @throws StoreUnavailable
 */
export async function gather(call: GatherCall): Promise<Outside> {
  const urls = await fetchAll(call);
  const uploads = new Map<string, Found>();
  for (const upload of call.uploads) uploads.set(upload.id, await uploadFound(upload, call));
  return (source, field) => {
    const found = source.kind === 'url' ? urls.get(source.url) : uploads.get(source.id);
    return found ?? { kind: 'refused', refusal: unknownUpload(field) };
  };
}

async function fetchAll({
  wants,
  shelf,
  parts,
  isDryRun,
  mails,
  signal,
}: GatherCall): Promise<ReadonlyMap<string, Found>> {
  const { egress, hasher, clock } = parts;
  const limit = messageLimit(parts);
  const until = clock() + FETCH_WITHIN_MS;
  const found = new Map<string, Found>();
  // A dry run holds the files in memory and shows no more than its cap; what one mail cannot carry need not be fetched for it.
  let left = isDryRun ? parts.settings.bodyCap : mails === 1 ? fileLimit(limit) : Number.POSITIVE_INFINITY;
  const waiting = wants.urls.values();
  const fetchOn = async (): Promise<void> => {
    for (const url of waiting) {
      if (left < 0) {
        found.set(url, { kind: 'refused', refusal: overLimit(limit) });
        continue;
      }
      const withinMs = Math.max(1, until - clock());
      const limits = { messageLimit: limit, fileLimit: fileLimit(limit), withinMs, signal, isDryRun };
      const file = await fetchFile(url, { egress, shelf, hasher, ...limits });
      if (file.kind === 'found') left -= file.bytes.size;
      found.set(url, file);
    }
  };
  // All of them have ended before anything goes on: whoever clears up afterwards finds everything that was put down.
  const ended = await Promise.allSettled(Array.from({ length: FETCHES_AT_ONCE }, fetchOn));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return found;
}

async function uploadFound(upload: UploadRecord, { parts, shelf, now }: GatherCall): Promise<Found> {
  return upload.expiresAt <= now
    ? { kind: 'missing', rule: 'The upload has expired.' }
    : await uploadedBytes(upload, { objects: parts.objects, shelf });
}
