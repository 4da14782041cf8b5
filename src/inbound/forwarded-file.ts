import type { AttachmentRecord } from '../mailroom/attachment-records.ts';
import type { ReceivedAttachmentRecord } from '../mailroom/received-records.ts';
import {
  contentIdProblem,
  fallbackFilename,
  filenameProblem,
  readContentType,
} from '../mime/attachment-fields.ts';
import { UNKNOWN_TYPE } from '../mime/media-types.ts';

/** Cut, not refused: the file is passed on, whatever it was called. */
const MAX_NAME_CHARACTERS = 250;

/** A file of a stranger's mail as one that we send: the same object, under a name and a type that we would take from a caller. */
export function forwardedFile(
  file: ReceivedAttachmentRecord,
  { id, place }: { readonly id: string; readonly place: number },
): AttachmentRecord {
  const { contentType, contentId, disposition, size, sha256, key } = file;
  const type = readContentType(contentType);
  const isReferable = contentId !== null && contentId !== '' && contentIdProblem(contentId) === null;
  return {
    id,
    filename: nameOf(file.filename) ?? fallbackFilename({ place: place + 1, contentType }),
    contentType: type.ok ? type.type : UNKNOWN_TYPE,
    contentId: isReferable ? contentId : null,
    disposition,
    size,
    sha256,
    key,
  };
}

function nameOf(given: string | null): string | null {
  const cleaned = (given ?? '')
    .toWellFormed()
    .replace(/[/\\]/g, '_')
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
    .trim();
  const name = Array.from(cleaned).slice(0, MAX_NAME_CHARACTERS).join('');
  return name === '' || filenameProblem(name) !== null ? null : name;
}
