import { typeOfName, UNKNOWN_TYPE } from './media-types.ts';
import type { Message, MessageAttachment } from './message.ts';

export interface AttachmentFinding {
  readonly code: 'extension_mismatch' | 'large_image' | 'unused_content_id';
  readonly severity: 'info' | 'warning';
  /** Path in the request. */
  readonly field: string;
  readonly message: string;
}

/** A photo as phones take them is several times that, and shows no better in a mail. */
const LARGE_IMAGE_BYTES = 1024 * 1024;

/** Older names that are still in use. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  'application/x-gzip': 'application/gzip',
  'application/x-pdf': 'application/pdf',
  'application/x-zip-compressed': 'application/zip',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'image/jpg': 'image/jpeg',
  'image/x-icon': 'image/vnd.microsoft.icon',
  'text/xml': 'application/xml',
};

/** What readers may stumble over in the files of a message; each of them is sent as it was given. */
export function lintAttachments({ attachments, html }: Message): readonly AttachmentFinding[] {
  return attachments.flatMap((file, index) => {
    const field = `attachments[${index}]`;
    return [
      ...extensionFindings(file, field),
      ...imageFindings(file, field),
      ...cidFindings(file, field, html),
    ];
  });
}

function bareType({ contentType }: MessageAttachment): string {
  const type = contentType.split(';')[0] ?? '';
  return OLD_NAMES[type] ?? type;
}

function extensionFindings(file: MessageAttachment, field: string): readonly AttachmentFinding[] {
  const type = bareType(file);
  const expected = typeOfName(file.filename);
  if (expected === UNKNOWN_TYPE || type === UNKNOWN_TYPE || expected === type) return [];
  const message = `The name belongs to ${expected}, the file is sent as ${type}: some filters hold such mail back.`;
  return [{ code: 'extension_mismatch', severity: 'warning', field: `${field}.filename`, message }];
}

function imageFindings(file: MessageAttachment, field: string): readonly AttachmentFinding[] {
  if (!file.contentType.startsWith('image/') || file.size <= LARGE_IMAGE_BYTES) return [];
  const message = `An image of ${file.size} bytes loads slowly where mail is read; half a megabyte is plenty.`;
  return [{ code: 'large_image', severity: 'info', field, message }];
}

/** RFC 2392: the html names the part by its id, percent-encoded where a URL needs it. */
function cidFindings(
  { contentId }: MessageAttachment,
  field: string,
  html: string | null,
): readonly AttachmentFinding[] {
  if (contentId === null) return [];
  const isShown = [contentId, encodeURIComponent(contentId)].some((id) => html?.includes(`cid:${id}`));
  if (isShown) return [];
  const message = 'The html does not show it by cid: and this id; some readers then show it nowhere.';
  return [{ code: 'unused_content_id', severity: 'warning', field: `${field}.content_id`, message }];
}
