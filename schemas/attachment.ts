import * as z from 'zod';
import { Id, Time } from './id.ts';
import { listOf } from './page.ts';

export const MAX_ATTACHMENTS = 1000;
/** Without the angle brackets, which may stand around it. */
const MAX_CONTENT_ID_CHARACTERS = 127;

const AS_TEXT = { error: 'A string is expected.' };

/**
 * A file as callers give it. `content` is left unlooked at: it may be base64 text or any of the byte forms that SDKs have
 * sent over the years, and walking millions of numbers is the decoder's work, once.
 */
export const Attachment = z
  .object(
    {
      content: z
        .unknown()
        .meta({
          description:
            'The bytes: base64 text, a data URI, an array of integers 0 to 255; plain text where the type is textual.',
        })
        .exactOptional(),
      path: z
        .string(AS_TEXT)
        .meta({
          description:
            'An https URL that is fetched when the mail is accepted, or `upload:` and the id of an upload.',
        })
        .exactOptional(),
      upload_id: z
        .string(AS_TEXT)
        .meta({
          description: 'Extension. A file that was uploaded before: see `POST /uploads`.',
          'x-extension': true,
        })
        .exactOptional(),
      filename: z
        .custom<string | false>((name) => typeof name === 'string' || name === false, 'A string is expected.')
        .meta({
          override: { type: 'string' },
          description: 'Default: the last segment of `path`, else `attachment-1` and so on.',
          example: 'invoice.pdf',
        })
        .exactOptional(),
      content_type: z
        .string(AS_TEXT)
        .meta({ description: 'Default: by the file name, else by the bytes.', example: 'application/pdf' })
        .exactOptional(),
      content_id: z
        .string(AS_TEXT)
        .meta({
          maxLength: MAX_CONTENT_ID_CHARACTERS,
          description: 'Makes the file inline; HTML shows it as `cid:` and this text.',
        })
        .exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({
    id: 'Attachment',
    description: 'A file. One of `content`, `path` and `upload_id` is needed.',
  });

export const Attachments = z
  .array(Attachment, { error: 'An array is expected.' })
  .max(MAX_ATTACHMENTS, `At most ${MAX_ATTACHMENTS} attachments are allowed.`);

export const DISPOSITIONS = ['inline', 'attachment'] as const;

const stored = {
  id: Id,
  filename: z.nullable(z.string()),
  size: z.int().nonnegative().meta({ description: 'Bytes of the file, before any encoding.' }),
  content_type: z.string(),
  content_disposition: z.enum(DISPOSITIONS),
  content_id: z.string().meta({ description: 'Without angle brackets; absent for others.' }).exactOptional(),
  download_url: z.string().meta({
    format: 'uri',
    description: 'Gives the exact bytes, once or often, to whoever has it. Needs no key.',
  }),
  expires_at: Time.meta({ description: 'The end of `download_url`.', example: '2026-02-23T00:41:12.126Z' }),
};

export const StoredAttachment = z
  .object({ object: z.literal('attachment'), ...stored })
  .meta({ id: 'StoredAttachment' });

export const AttachmentSummary = z.object(stored).meta({ id: 'AttachmentSummary' });

export const AttachmentList = listOf(AttachmentSummary).meta({ id: 'AttachmentList' });
