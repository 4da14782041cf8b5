import type { Refusal } from '../../schemas/error.ts';
import type { UploadContent, UploadRecord } from '../mailroom/attachment-records.ts';
import { typeOfName } from '../mime/media-types.ts';
import type { Hasher } from '../objects/hasher.ts';
import { type ObjectMeta, type ObjectStore, WrongBytes } from '../objects/store.ts';
import type { Content } from './content.ts';
import type { Kept, Shelf } from './shelf.ts';

/** The bytes of one file on its way into a mail, wherever they are by now. */
export interface FileBytes {
  readonly size: number;
  /** The first of them, where they are at hand: they betray common types. */
  readonly head: Uint8Array;
  /** What its source calls it, for a file that the request gives no name. */
  readonly filename: string | null;
  readonly contentType: string | null;
  /** What a data URI says it is: less than its name says, more than the bytes themselves. */
  readonly claimedType?: string | null;
  open(): AsyncIterable<Uint8Array>;
  /**
   * Brings them under their content key; null when they turn out not to be what was announced.
   *
   * @throws StoreUnavailable
   */
  keep(): Promise<Kept | null>;
  /** Set for an upload of which a copy was taken: the next mail that names it needs none. */
  readonly copied?: () => { readonly id: string; readonly content: UploadContent } | null;
}

/** A source that has no bytes for us; `rule` completes the message about its field. */
export type Found =
  | { readonly kind: 'found'; readonly bytes: FileBytes }
  | { readonly kind: 'missing'; readonly rule: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** What stood in the request itself. */
export function givenBytes(content: Content, shelf: Shelf, hasher: () => Hasher): FileBytes {
  const { bytes } = content;
  return {
    ...heldBytes({ bytes, sha256: () => content.sha256(hasher), shelf }),
    claimedType: content.type,
  };
}

/** Bytes in memory. */
export function heldBytes({
  bytes,
  sha256,
  shelf,
}: {
  readonly bytes: Uint8Array;
  readonly sha256: () => Promise<string>;
  readonly shelf: Shelf;
}): FileBytes {
  return {
    size: bytes.length,
    head: bytes,
    filename: null,
    contentType: null,
    async *open() {
      yield bytes;
    },
    async keep() {
      return await shelf.keep(bytes, { sha256: await sha256() });
    },
  };
}

/** Bytes that were put down on their way. */
export function passingBytes(passing: Kept, head: Uint8Array, shelf: Shelf): FileBytes {
  let kept: Promise<Kept | null> | null = null;
  return {
    size: passing.size,
    head,
    filename: null,
    contentType: null,
    open: () => shelf.open(passing),
    keep() {
      kept ??= shelf.keepCopy(passing.key, ({ sha256 }) => sha256 === passing.sha256);
      return kept;
    },
  };
}

/** An upload: as it was kept by the first mail that named it, or as its client put it there. */
export async function uploadedBytes(
  upload: UploadRecord,
  { objects, shelf }: { readonly objects: ObjectStore; readonly shelf: Shelf },
): Promise<Found> {
  const { key, size, filename, contentType } = upload;
  const named = { size, head: new Uint8Array(), filename, contentType };
  const { content } = upload;
  if (content !== null) {
    const bytes = { ...named, open: () => shelf.open(content), keep: async () => content };
    return { kind: 'found', bytes };
  }
  const there = await objects.head(key).catch(packed);
  if (there === 'packed') return { kind: 'missing', rule: 'It was uploaded with a Content-Encoding.' };
  if (there === null) return { kind: 'missing', rule: 'Nothing has been uploaded yet.' };
  if (there.size !== size) {
    return { kind: 'missing', rule: `${there.size} bytes were uploaded, ${size} were announced.` };
  }
  let kept: Promise<Kept | null> | null = null;
  let copy: UploadContent | null = null;
  const bytes: FileBytes = {
    ...named,
    async *open() {
      const found = await objects.get(key);
      if (found !== null) yield* found.body;
    },
    keep() {
      // A presigned address stays writable: only the copy is looked at.
      kept ??= shelf.keepCopy(key, (found) => isAsAnnounced(found, upload)).then((made) => (copy = made));
      return kept;
    },
    copied: () => (copy === null ? null : { id: upload.id, content: copy }),
  };
  return { kind: 'found', bytes };
}

function packed(cause: unknown): 'packed' {
  if (cause instanceof WrongBytes) return 'packed';
  throw cause;
}

function isAsAnnounced(found: ObjectMeta, upload: UploadRecord): boolean {
  const { size, sha256 } = upload;
  return (
    found.size === size &&
    (sha256 === null || found.sha256 === sha256) &&
    found.contentType === uploadType(upload)
  );
}

/** The type under which an upload is sent to us. */
export function uploadType({
  contentType,
  filename,
}: Pick<UploadRecord, 'contentType' | 'filename'>): string {
  return contentType ?? typeOfName(filename);
}
