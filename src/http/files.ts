import type { Refusal } from '../../schemas/error.ts';
import { invalidField } from '../../schemas/refusal.ts';
import type { AttachmentRecord } from '../mailroom/attachment-records.ts';
import { fallbackFilename, filenameProblem, readContentType } from '../mime/attachment-fields.ts';
import { typeOfBytes, typeOfName, UNKNOWN_TYPE } from '../mime/media-types.ts';
import type { MessageAttachment } from '../mime/message.ts';
import { filenameRefusal, type GivenFile, type Source } from './attachments.ts';
import type { DraftCall } from './draft.ts';
import { type FileBytes, type Found, givenBytes } from './file-bytes.ts';
import type { Outside } from './outside.ts';
import type { Reading } from './request.ts';

/** A file of a mail that could be accepted: everything but where its bytes will be kept. */
export interface DraftFile {
  readonly id: string;
  /** Where its source stands in the request. */
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly contentId: string | null;
  readonly bytes: FileBytes;
}

/** The files of one mail. The first that has no bytes refuses it. */
export function draftFiles(
  given: readonly GivenFile[],
  { parts, shelf, outside }: Pick<DraftCall, 'parts' | 'shelf'> & { readonly outside: Outside },
): Reading<readonly DraftFile[]> {
  const files: DraftFile[] = [];
  for (const [index, one] of given.entries()) {
    const { source, field } = one;
    const found: Found =
      source.kind === 'content'
        ? { kind: 'found', bytes: givenBytes(source.content, shelf, parts.hasher) }
        : outside(source, field);
    if (found.kind === 'missing') return { ok: false, refusal: invalidField(field, found.rule) };
    if (found.kind === 'refused') return { ok: false, refusal: { ...found.refusal, field } };
    const file = draftFile(one, { bytes: found.bytes, place: index + 1, id: parts.newId() });
    if (!file.ok) return file;
    files.push(file.value);
  }
  return { ok: true, value: files };
}

/** Gives a file the name and the type that its request left open; `place` counts from 1. */
function draftFile(
  given: GivenFile,
  found: { readonly bytes: FileBytes; readonly place: number; readonly id: string },
): Reading<DraftFile> {
  const { bytes, place, id } = found;
  const { field, contentId } = given;
  const ownName = given.filename ?? bytes.filename ?? nameInUrl(given.source);
  const ownType = given.contentType ?? bytes.contentType ?? derivedType(ownName, bytes);
  const contentType = withOwnCharset(ownType, given.source);
  const filename = ownName ?? fallbackFilename({ place, contentType });
  // A name that was taken from a URL is judged here for the first time.
  const refusal = given.filename === null ? filenameRefusal(filename, field) : null;
  if (refusal !== null) return { ok: false, refusal };
  return { ok: true, value: { id, field, filename, contentType, contentId, bytes } };
}

/** Text that stood in JSON as it is was written out as UTF-8, whatever charset it was announced in. */
function withOwnCharset(contentType: string, source: Source): string {
  if (source.kind !== 'content' || source.content.form !== 'text') return contentType;
  return contentType.replace(/; charset=[^;]*/, '; charset=utf-8');
}

/** By the name; else by what a data URI says, which nobody has judged yet; else by the bytes. */
function derivedType(filename: string | null, { claimedType = null, head }: FileBytes): string {
  const byName = typeOfName(filename ?? '');
  if (byName !== UNKNOWN_TYPE) return byName;
  const claimed = claimedType === null ? null : readContentType(claimedType);
  if (claimed?.ok === true) return claimed.type;
  // With an extension they are not asked: `app.jar` begins like any ZIP, and is none to its reader.
  return filename !== null && /[^.]\.[^.]+$/.test(filename) ? UNKNOWN_TYPE : typeOfBytes(head);
}

/** The last segment of a URL's path, decoded once; null when it is empty or no name of a file. */
function nameInUrl(source: Source): string | null {
  if (source.kind !== 'url' || !URL.canParse(source.url)) return null;
  const segment = new URL(source.url).pathname.split('/').at(-1) ?? '';
  const name = decoded(segment);
  return name === '' || filenameProblem(name) !== null ? null : name;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** As the composer takes it. */
export function messageAttachment({ filename, contentType, contentId, bytes }: DraftFile): MessageAttachment {
  return {
    filename,
    contentType,
    contentId,
    disposition: dispositionOf(contentId),
    size: bytes.size,
    open: () => bytes.open(),
  };
}

/**
 * Brings a file under its content key: as it will stand in the row.
 *
 * @throws StoreUnavailable
 */
export async function keepFile(
  file: DraftFile,
): Promise<
  { readonly ok: true; readonly record: AttachmentRecord } | { readonly ok: false; readonly refusal: Refusal }
> {
  const { id, field, filename, contentType, contentId, bytes } = file;
  const kept = await bytes.keep();
  if (kept === null) {
    return { ok: false, refusal: invalidField(field, 'What was uploaded is not what was announced.') };
  }
  const { key, size, sha256 } = kept;
  const disposition = dispositionOf(contentId);
  return { ok: true, record: { id, filename, contentType, contentId, disposition, size, sha256, key } };
}

/** `cid:` in HTML shows it in its place; anything else is listed beside the message. */
function dispositionOf(contentId: string | null): 'inline' | 'attachment' {
  return contentId === null ? 'attachment' : 'inline';
}
