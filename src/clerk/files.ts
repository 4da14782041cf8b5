import type { AttachmentRecord } from '../mailroom/attachment-records.ts';
import type { MessageAttachment } from '../mime/message.ts';
import type { Hasher } from '../objects/hasher.ts';
import type { ObjectStore } from '../objects/store.ts';
import { StoreUnavailable } from '../objects/store.ts';
import { verified } from '../objects/verified.ts';

interface FilesParts {
  readonly objects: ObjectStore;
  readonly hasher: () => Hasher;
}

type Found = Awaited<ReturnType<ObjectStore['get']>>;

/**
 * The files of a message, to be read while it is sent; null when one of them is not there. Asked before a relay is: a file
 * that is missing should not cost a connection that breaks off in the middle.
 */
export async function filesOf(
  attachments: readonly AttachmentRecord[],
  parts: FilesParts,
): Promise<readonly MessageAttachment[] | null> {
  const files: MessageAttachment[] = [];
  for (const attachment of attachments) {
    const found = await parts.objects.get(attachment.key);
    if (found === null) return null;
    files.push(fileOf(attachment, found, parts));
  }
  return files;
}

function fileOf(
  attachment: AttachmentRecord,
  found: Found,
  { objects, hasher }: FilesParts,
): MessageAttachment {
  const { filename, contentType, contentId, disposition, size, sha256, key } = attachment;
  let first = found;
  return {
    filename,
    contentType,
    contentId,
    disposition,
    size,
    async *open() {
      // An object that was asked for is read once; the first reading needs no second question.
      const opened = first ?? (await objects.get(key));
      first = null;
      if (opened === null) throw new StoreUnavailable('The object went away while it was being sent');
      yield* verified(opened.body, { size, sha256 }, hasher());
    },
  };
}
