import type { Result } from './mailroom.ts';
import type { Page, PageOf } from './records.ts';

/** One file of a message. Its bytes are an object, stored once for an account however many messages carry them. */
export interface AttachmentRecord {
  readonly id: string;
  /** Shown to the recipient, never a path. A file that came without a name has been given one. */
  readonly filename: string;
  /** Canonical (`readContentType` of `mime`): `type/subtype`, with the parameters `charset` and `method` at most. */
  readonly contentType: string;
  /** Without angle brackets; null for a file that html does not refer to. */
  readonly contentId: string | null;
  readonly disposition: 'inline' | 'attachment';
  /** Bytes, before any encoding. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly key: string;
}

/** A file that a client will put into object storage by itself, to be named in a later send. */
export interface NewUpload {
  readonly id: string;
  /** Where the client puts it: a random key, never a content key. It stays writable for as long as its URL lives. */
  readonly key: string;
  readonly filename: string;
  /** Null: to be derived from the name. */
  readonly contentType: string | null;
  /** Bytes, as announced. */
  readonly size: number;
  /** Lower-case hex, where it was announced. */
  readonly sha256: string | null;
  /** Milliseconds since 1970 UTC. From this moment on no mail may name it. */
  readonly expiresAt: number;
}

/** The copy that was taken of an upload, under its content key: what every mail that names the upload gets. */
export interface UploadContent {
  readonly key: string;
  readonly size: number;
  /** Lower-case hex, of the copy. */
  readonly sha256: string;
}

export interface UploadRecord extends NewUpload {
  readonly createdAt: number;
  /** Null until the first mail that named it was accepted: nobody knows before whether anything was uploaded. */
  readonly content: UploadContent | null;
}

/** What the room knows of files. */
export interface AttachmentVerbs {
  /** The files of a mail, in the order of the request. */
  attachments(call: { readonly id: string; readonly page: Page }): Result<PageOf<AttachmentRecord>>;
  /** Null when there is no such mail, or no such file of it. */
  attachment(call: { readonly id: string; readonly attachmentId: string }): AttachmentRecord | null;

  createUpload(call: { readonly upload: NewUpload; readonly now: number }): UploadRecord;
  /** Null when there is none. Expired ones are answered for a while: whoever asks compares `expiresAt`. */
  upload(call: { readonly id: string }): UploadRecord | null;

  /**
   * Of these keys of stored objects, those that nothing names and that the room did not know: what a crash left behind
   * between storing and accepting. From now on they are being deleted, as if `sweep` had answered them.
   */
  strayObjects(call: { readonly keys: readonly string[]; readonly now: number }): readonly string[];
  /** These objects, which `sweep`, `removeEmail` or `strayObjects` gave up, are deleted. */
  objectsDeleted(call: { readonly keys: readonly string[]; readonly now: number }): void;
}
