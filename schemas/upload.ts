import * as z from 'zod';
import { Id, refOf, Time } from './id.ts';

const AS_TEXT = { error: 'A string is expected.' };

/** A file that is about to be uploaded. What it is called and what it is are judged where attachments are. */
export const CreateUpload = z
  .object(
    {
      filename: z.string(AS_TEXT).min(1, 'A file name is expected.').meta({ example: 'report.pdf' }),
      size: z
        .int({ error: 'A whole number of bytes is expected.' })
        .min(1, 'At least 1 byte is expected.')
        .meta({ description: 'Bytes of the file, exactly.', example: 26_214_400 }),
      content_type: z
        .string(AS_TEXT)
        .meta({ description: 'Default: by the file name.', example: 'application/pdf' })
        .exactOptional(),
      sha256: z
        .string(AS_TEXT)
        .regex(/^[0-9a-fA-F]{64}$/, '64 hexadecimal digits are expected.')
        .meta({ description: 'SHA-256 of the file in hex. When it is given, other bytes are refused.' })
        .exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({ id: 'CreateUpload' });

export const Upload = z
  .object({
    object: z.literal('upload'),
    id: Id,
    method: z.literal('PUT'),
    upload_url: z.string().meta({
      format: 'uri',
      description: 'Where the bytes go, as the whole body of one request. Needs no key.',
    }),
    headers: z.record(z.string(), z.string()).meta({
      description: 'Headers to send along, as they stand.',
      example: { 'content-type': 'application/pdf' },
    }),
    expires_at: Time.meta({ description: 'The end of `upload_url`.' }),
    usable_until: Time.meta({ description: 'Until then mails may name the upload, several of them too.' }),
  })
  .meta({ id: 'Upload' });

export const UploadRef = refOf('upload').meta({ id: 'UploadRef' });
