import { AttachmentList, StoredAttachment } from './attachment.ts';
import type { Operation } from './operation.ts';
import { PageQuery } from './page.ts';
import {
  ReceivedAttachmentParams,
  ReceivedEmail,
  ReceivedFormat,
  ReceivedGone,
  ReceivedList,
  ReceivedParams,
  ReceivedQuery,
} from './received.ts';

const ID = '0199c3a1-e5f2-7d0c-8b4f-5a6b7c8d9e20';
const FILE = {
  id: '2a0c9ce0-3112-4728-976e-47ddcd16a319',
  filename: 'broken.jpg',
  size: 48_213,
  content_type: 'image/jpeg',
};
const LINK = {
  download_url: 'https://mail.example.com/downloads/eyJhIjoiZGVmYXVsdCJ9.8Rn4',
  expires_at: '2026-02-23T00:41:12.126Z',
};
const STORED = { ...FILE, content_disposition: 'attachment', ...LINK };

const SUMMARY = {
  id: ID,
  created_at: '2026-02-22T23:41:12.126Z',
  from: 'Ada <ada@example.net>',
  to: ['support@example.com'],
  cc: [],
  bcc: [],
  reply_to: [],
  received_for: ['support+4711@example.com'],
  subject: 'Re: Your order 4711',
  message_id: '<9b1deb4d@example.net>',
  attachments: [{ ...FILE, content_id: null, content_disposition: 'attachment' }],
};

/** Mail that came in. */
export const RECEIVED_OPERATIONS = {
  listReceivedEmails: {
    method: 'get',
    path: '/emails/receiving',
    scope: 'full',
    tag: 'Receiving',
    summary: 'List received e-mails',
    description: 'Newest first, without their text.',
    query: ReceivedQuery,
    answers: { 200: ReceivedList },
    errors: ['validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [SUMMARY] } },
  },
  getReceivedEmail: {
    method: 'get',
    path: '/emails/receiving/{id}',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Read a received e-mail',
    description: 'Everything that was read out of it, and a link to its exact bytes.',
    params: ReceivedParams,
    query: ReceivedFormat,
    answers: { 200: ReceivedEmail },
    errors: ['not_found'],
    answerExamples: {
      reply: {
        object: 'email',
        ...SUMMARY,
        html: null,
        text: 'The second one is broken.\n\n> Your order is on its way.\n',
        headers: { from: 'Ada <ada@example.net>', subject: 'Re: Your order 4711' },
        raw: LINK,
        html_format: 'data_uri',
        stripped_text: 'The second one is broken.',
        mailbox_hash: '4711',
        in_reply_to: '<8f14e45f@example.com>',
        references: ['<8f14e45f@example.com>'],
        thread: { email_ids: ['49a3999c-0ce1-4ea6-ab68-afcd6dc2e794'], received_ids: [] },
        authentication: { spf: 'pass', dkim: 'pass', dmarc: 'pass', source: 'checked' },
        auto: { reply: false, bounce: false, list: false },
        parse: 'full',
      },
    },
  },
  deleteReceivedEmail: {
    method: 'delete',
    path: '/emails/receiving/{id}',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Delete a received e-mail',
    description: 'Extension. Its bytes, its files and what was read out of it go at once.',
    params: ReceivedParams,
    answers: { 200: ReceivedGone },
    errors: ['not_found'],
    answerExamples: { gone: { object: 'email', id: ID, deleted: true } },
  },
  listReceivedAttachments: {
    method: 'get',
    path: '/emails/receiving/{id}/attachments',
    scope: 'full',
    tag: 'Receiving',
    summary: 'List the attachments of a received e-mail',
    description: 'Each with a link that gives its bytes for one hour.',
    params: ReceivedParams,
    query: PageQuery,
    answers: { 200: AttachmentList },
    errors: ['not_found', 'validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [STORED] } },
  },
  getReceivedAttachment: {
    method: 'get',
    path: '/emails/receiving/{id}/attachments/{attachment_id}',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Read an attachment of a received e-mail',
    description: 'What it is, and a link that gives its bytes for one hour.',
    params: ReceivedAttachmentParams,
    answers: { 200: StoredAttachment },
    errors: ['not_found'],
    answerExamples: { attachment: { object: 'attachment', ...STORED } },
  },
} as const satisfies Record<string, Operation>;
