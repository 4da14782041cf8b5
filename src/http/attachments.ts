import type * as z from 'zod';
import type { Attachment } from '../../schemas/attachment.ts';
import type { Refusal } from '../../schemas/error.ts';
import { emptyAttachment, invalidField } from '../../schemas/refusal.ts';
import { contentIdProblem, filenameProblem, readContentType } from '../mime/attachment-fields.ts';
import { decodeWords } from '../mime/encoded-word.ts';
import { typeOfName } from '../mime/media-types.ts';
import { blockedExtension } from './blocked-extensions.ts';
import { Content } from './content.ts';
import { overLimit } from './message-limit.ts';
import type { Reading } from './request.ts';

/** Where the bytes of a file come from. */
export type Source =
  | { readonly kind: 'content'; readonly content: Content }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'upload'; readonly id: string };

/** One attachment of a request: judged, but for what only its bytes can tell. */
export interface GivenFile {
  readonly source: Source;
  /** Where the source stands in the request: `attachments[0].path`. */
  readonly field: string;
  readonly filename: string | null;
  /** Canonical. */
  readonly contentType: string | null;
  readonly contentId: string | null;
}

type Given = z.output<typeof Attachment>;

const UPLOAD = 'upload:';
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
/** What text may stand for as it is (contract, section 5.2). */
const TEXTUAL = /^(?:text\/.*|application\/(?:json|xml)|.*\+(?:json|xml)|message\/rfc822)$/;

/** Judges one attachment; `field` is its place in the mail, `limit` what a message may be. */
export function readAttachment(
  given: Given,
  { field, limit }: { readonly field: string; readonly limit: number },
): Reading<GivenFile> {
  const found = readSource(given, field);
  if (!found.ok) return found;
  const filename = readFilename(given.filename, `${field}.filename`);
  if (!filename.ok) return filename;
  const contentType = readType(given.content_type, `${field}.content_type`);
  if (!contentType.ok) return contentType;
  const contentId = readContentId(given.content_id, `${field}.content_id`);
  if (!contentId.ok) return contentId;
  const file = {
    ...found.value,
    filename: filename.value,
    contentType: contentType.value,
    contentId: contentId.value,
  };
  const refusal = contentRefusal(file, limit);
  return refusal === null ? { ok: true, value: file } : refused(refusal);
}

/** Content that is there wins over a path. An upload beside another source is a contradiction that is no SDK's. */
function readSource(given: Given, field: string): Reading<Pick<GivenFile, 'source' | 'field'>> {
  const content = given.content instanceof Content ? given.content : null;
  const hasContent = content !== null && content.unusable !== 'empty';
  const { path = '', upload_id: uploadId = '' } = given;
  if (uploadId !== '') {
    return hasContent || path !== ''
      ? refused(invalidField(`${field}.upload_id`, '`content` and `path` are not allowed beside it.'))
      : readUpload(uploadId, `${field}.upload_id`);
  }
  if (hasContent) return source({ kind: 'content', content }, `${field}.content`);
  if (path.startsWith(UPLOAD)) return readUpload(path.slice(UPLOAD.length), `${field}.path`);
  if (path !== '') return source({ kind: 'url', url: path }, `${field}.path`);
  return content === null
    ? refused(invalidField(field, 'One of `content`, `path` and `upload_id` is needed.'))
    : refused(emptyAttachment(`${field}.content`));
}

function readUpload(given: string, field: string): ReturnType<typeof readSource> {
  const id = given.toLowerCase();
  return UUID.test(id) ? source({ kind: 'upload', id }, field) : refused(unknownUpload(field));
}

/** One that never was, and one of another account. */
export function unknownUpload(field: string): Refusal {
  return invalidField(field, 'There is no upload with this id.');
}

function source(
  from: Source,
  field: string,
): { readonly ok: true; readonly value: Pick<GivenFile, 'source' | 'field'> } {
  return { ok: true, value: { source: from, field } };
}

/** False, null and nothing at all: there is no name, and one is found later. */
function readFilename(given: string | false | undefined, field: string): Reading<string | null> {
  if (given === undefined || given === false || given === '') return { ok: true, value: null };
  const refusal = filenameRefusal(given, field);
  return refusal === null ? { ok: true, value: given } : refused(refusal);
}

export function filenameRefusal(filename: string, field: string): Refusal | null {
  const problem = filenameProblem(filename);
  if (problem !== null) return invalidField(field, problem, 'invalid_attachment');
  // Some readers decode what looks like an encoded word, and then it is the other name that is clicked.
  const extension = blockedExtension(filename) ?? blockedExtension(decodeWords(filename));
  if (extension === null) return null;
  return invalidField(field, `Files that end in .${extension} must not be sent.`, 'invalid_attachment');
}

export function readType(given: string | undefined, field: string): Reading<string | null> {
  if (given === undefined || given === '') return { ok: true, value: null };
  const reading = readContentType(given);
  return reading.ok
    ? { ok: true, value: reading.type }
    : refused(invalidField(field, reading.rule, 'invalid_attachment'));
}

function readContentId(given: string | undefined, field: string): Reading<string | null> {
  if (given === undefined || given === '') return { ok: true, value: null };
  const contentId = /^<(.*)>$/s.exec(given)?.[1] ?? given;
  const problem = contentId === '' ? 'It must not be empty.' : contentIdProblem(contentId);
  return problem === null ? { ok: true, value: contentId } : refused(invalidField(field, problem));
}

function contentRefusal(
  { source: from, field, filename, contentType }: GivenFile,
  limit: number,
): Refusal | null {
  if (from.kind !== 'content') return null;
  const { unusable, form } = from.content;
  if (unusable === 'too_large') return overLimit(limit, field);
  if (unusable === 'undecodable') {
    return invalidField(field, 'Base64, or an array of integers from 0 to 255, is expected.');
  }
  const type = (contentType ?? typeOfName(filename ?? '')).split(';')[0] ?? '';
  return form === 'text' && !TEXTUAL.test(type)
    ? invalidField(field, 'Base64 is expected; text as it is may stand for a textual type only.')
    : null;
}

function refused(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}
