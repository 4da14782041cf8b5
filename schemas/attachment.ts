import * as z from 'zod';

export const MAX_ATTACHMENTS = 1000;
export const MAX_CONTENT_ID_CHARACTERS = 127;

/**
 * A file as callers give it. `content` is left unlooked at: it may be base64 text or any of the byte forms that SDKs have
 * sent over the years, and walking millions of numbers is the decoder's work, once.
 */
export const Attachment = z
  .object(
    {
      content: z
        .unknown()
        .meta({ description: 'The bytes: base64 text, or an array of integers 0 to 255.' })
        .exactOptional(),
      path: z
        .string({ error: 'A string is expected.' })
        .meta({ description: 'An https URL that is fetched when the mail is accepted.' })
        .exactOptional(),
      filename: z
        .custom<string | false>((name) => typeof name === 'string' || name === false, 'A string is expected.')
        .meta({ override: { type: 'string' }, example: 'invoice.pdf' })
        .exactOptional(),
      content_type: z
        .string({ error: 'A string is expected.' })
        .meta({ description: 'Default: by the file name.', example: 'application/pdf' })
        .exactOptional(),
      content_id: z
        .string({ error: 'A string is expected.' })
        .max(MAX_CONTENT_ID_CHARACTERS, `At most ${MAX_CONTENT_ID_CHARACTERS} characters are allowed.`)
        .meta({ description: 'Makes the file inline; HTML shows it as `cid:` and this text.' })
        .exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({
    id: 'Attachment',
    description: 'A file. One of `content` and `path` is needed. Not available yet: refused with 422.',
  });

export const Attachments = z
  .array(Attachment, { error: 'An array is expected.' })
  .max(MAX_ATTACHMENTS, `At most ${MAX_ATTACHMENTS} attachments are allowed.`);
