import * as z from 'zod';
import { AttachmentList, StoredAttachment } from './attachment.ts';
import { GivenId, idParams } from './id.ts';
import { ANY_TYPE, type Operation } from './operation.ts';
import { PageQuery } from './page.ts';
import { CreateUpload, Upload, UploadRef } from './upload.ts';

const ID = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';

const STORED = {
  id: '2a0c9ce0-3112-4728-976e-47ddcd16a318',
  filename: 'invoice.pdf',
  size: 48_213,
  content_type: 'application/pdf',
  content_disposition: 'attachment',
  download_url: 'https://mail.example.com/downloads/eyJhIjoiZGVmYXVsdCJ9.7Qm3',
  expires_at: '2026-02-23T00:41:12.126Z',
};

const EmailParams = idParams('e-mail');

const AttachmentParams = z.object({
  ...EmailParams.shape,
  attachment_id: GivenId.meta({ format: 'uuid', description: 'The id of the attachment.' }),
});

const TicketParams = z.object({
  ticket: z.string().meta({ description: 'What was signed, and the signature. Opaque.' }),
});

/** Files: those of mails, and those that are uploaded beforehand. */
export const ATTACHMENT_OPERATIONS = {
  listAttachments: {
    method: 'get',
    path: '/emails/{id}/attachments',
    scope: 'full',
    tag: 'Attachments',
    summary: 'List the attachments of an e-mail',
    description: 'Each with a link that gives its bytes for one hour.',
    params: EmailParams,
    query: PageQuery,
    answers: { 200: AttachmentList },
    errors: ['not_found', 'validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [STORED] } },
  },
  getAttachment: {
    method: 'get',
    path: '/emails/{id}/attachments/{attachment_id}',
    scope: 'full',
    tag: 'Attachments',
    summary: 'Read an attachment',
    description: 'What it is, and a link that gives its bytes for one hour.',
    params: AttachmentParams,
    answers: { 200: StoredAttachment },
    errors: ['not_found'],
    answerExamples: { attachment: { object: 'attachment', ...STORED } },
  },
  downloadFile: {
    method: 'get',
    path: '/downloads/{ticket}',
    scope: 'none',
    tag: 'Attachments',
    summary: 'Download a file by its signed link',
    description:
      'Links come from the operations that list files. Served as a download, never to be shown as a page. A link that has ' +
      'expired or was altered is 403.',
    params: TicketParams,
    answers: {
      200: {
        mediaType: ANY_TYPE,
        headers: {
          'Content-Disposition': '`attachment`, with the name of the file.',
          'X-Content-Type-Options': '`nosniff`.',
        },
      },
    },
    errors: ['link_refused', 'not_found', 'unavailable'],
  },
  createUpload: {
    method: 'post',
    path: '/uploads',
    scope: 'sending',
    tag: 'Attachments',
    summary: 'Begin an upload',
    description:
      'Extension. For files that are too large for a JSON body. Send the bytes to `upload_url` with `method` and `headers` as ' +
      'answered, within 15 minutes; then name the `id` in an attachment, as `upload_id` or as `path: "upload:<id>"`. Open to ' +
      'keys that may only send.',
    body: CreateUpload,
    answers: { 201: Upload },
    errors: ['invalid_attachment'],
    examples: { pdf: { filename: 'report.pdf', size: 26_214_400, content_type: 'application/pdf' } },
    answerExamples: {
      upload: {
        object: 'upload',
        id: ID,
        method: 'PUT',
        upload_url: 'https://mail.example.com/uploads/eyJhIjoiZGVmYXVsdCJ9.kP0x',
        headers: { 'content-type': 'application/pdf' },
        expires_at: '2026-02-22T23:56:12.126Z',
        usable_until: '2026-02-23T23:41:12.126Z',
      },
    },
  },
  uploadFile: {
    method: 'put',
    path: '/uploads/{ticket}',
    scope: 'none',
    tag: 'Attachments',
    summary: 'Upload a file to its signed link',
    description:
      'Extension. Where `POST /uploads` sends the bytes when the object storage takes none by itself. Anything but the file that ' +
      'was announced is refused: another length, another type, another hash.',
    params: TicketParams,
    bytesBody: 'application/octet-stream',
    answers: { 200: UploadRef },
    errors: ['link_refused', 'validation_error', 'malformed_body', 'too_large', 'unavailable'],
    answerExamples: { uploaded: { object: 'upload', id: ID } },
  },
} as const satisfies Record<string, Operation>;
