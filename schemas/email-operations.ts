import { Email, EmailGone, EmailList, EmailRef, UpdateEmail } from './email.ts';
import { EmailEventList } from './event.ts';
import { idParams } from './id.ts';
import type { Operation } from './operation.ts';
import { PageQuery } from './page.ts';
import { RAW_MEDIA_TYPE } from './raw.ts';

const EmailParams = idParams('e-mail');

const ID = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';
const REF = { object: 'email', id: ID };

const SUMMARY = {
  id: ID,
  message_id: '<8f14e45f-ceea-467f-a9d3-3b1c2d4e5f60@example.com>',
  from: 'Shop <hello@example.com>',
  to: ['ada@example.net'],
  cc: null,
  bcc: null,
  reply_to: null,
  subject: 'Your order 4711',
  topic_id: null,
  scheduled_at: null,
  created_at: '2026-02-22T23:41:12.126Z',
  last_event: 'sent',
};

const REPLY = {
  code: 250,
  enhanced_code: '2.0.0',
  response: '2.0.0 Ok: queued as 4B1C22',
  remote_host: 'smtp.example.net',
  tls: 'TLSv1.3',
};

/** Everything about mails that were accepted. */
export const EMAIL_OPERATIONS = {
  listEmails: {
    method: 'get',
    path: '/emails',
    scope: 'full',
    tag: 'E-mails',
    summary: 'List e-mails',
    description: 'Newest first, without bodies.',
    query: PageQuery,
    answers: { 200: EmailList },
    errors: ['validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [SUMMARY] } },
  },
  getEmail: {
    method: 'get',
    path: '/emails/{id}',
    scope: 'full',
    tag: 'E-mails',
    summary: 'Read an e-mail',
    description: 'The mail as it was sent, its state, and what became of each recipient.',
    params: EmailParams,
    answers: { 200: Email },
    errors: ['not_found'],
    answerExamples: {
      sent: {
        object: 'email',
        ...SUMMARY,
        html: '<p>On its way.</p>',
        text: 'On its way.',
        recipients: [
          {
            recipient: 'ada@example.net',
            state: 'sent',
            attempts: 1,
            relay: 'smtp.example.net',
            reason: null,
            next_attempt_at: null,
            maybe_duplicate: false,
            smtp: REPLY,
          },
        ],
      },
    },
  },
  updateEmail: {
    method: 'patch',
    path: '/emails/{id}',
    scope: 'full',
    tag: 'E-mails',
    summary: 'Move a scheduled e-mail',
    description: 'Works until the first attempt begins; 422 after that. Other keys of the body are ignored.',
    params: EmailParams,
    body: UpdateEmail,
    answers: { 200: EmailRef },
    errors: ['not_found'],
    examples: { later: { scheduled_at: 'in 2 hours' } },
    answerExamples: { moved: REF },
  },
  cancelEmail: {
    method: 'post',
    path: '/emails/{id}/cancel',
    scope: 'full',
    tag: 'E-mails',
    summary: 'Cancel a scheduled e-mail',
    description:
      'Works until the first attempt begins; 422 after that. A mail is never both cancelled and sent.',
    params: EmailParams,
    answers: { 200: EmailRef },
    errors: ['not_found', 'validation_error'],
    answerExamples: { canceled: REF },
  },
  retryEmail: {
    method: 'post',
    path: '/emails/{id}/retry',
    scope: 'full',
    tag: 'E-mails',
    summary: 'Send to the failed recipients again',
    description:
      'Extension. Recipients that failed, or whose outcome is unknown, become due again, with the same bytes. A retry of ' +
      'an unknown outcome may arrive twice and is marked `maybe_duplicate`.',
    params: EmailParams,
    answers: { 200: EmailRef },
    errors: ['not_found', 'validation_error'],
    answerExamples: { due: REF },
  },
  deleteEmail: {
    method: 'delete',
    path: '/emails/{id}',
    scope: 'full',
    tag: 'E-mails',
    summary: 'Remove a finished e-mail',
    description:
      'Extension. Removes the mail, its body and its events at once. 422 while a recipient is unfinished.',
    params: EmailParams,
    answers: { 200: EmailGone },
    errors: ['not_found', 'validation_error'],
    answerExamples: { gone: { ...REF, deleted: true } },
  },
  listEmailEvents: {
    method: 'get',
    path: '/emails/{id}/events',
    scope: 'full',
    tag: 'E-mails',
    summary: 'List what happened to an e-mail',
    description: 'Extension. Each step of each recipient, newest first, with the words of the relay.',
    params: EmailParams,
    query: PageQuery,
    answers: { 200: EmailEventList },
    errors: ['not_found', 'validation_error'],
    answerExamples: {
      page: {
        object: 'list',
        has_more: false,
        data: [
          {
            id: '6b9f2c84-3f0d-4b7a-9a39-2f5a1de0c4b1',
            type: 'email.sent',
            created_at: '2026-02-22T23:41:12.840Z',
            recipient: 'ada@example.net',
            attempt: 1,
            relay: 'smtp.example.net',
            phase: 'dot',
            smtp: REPLY,
            next_attempt_at: null,
            maybe_duplicate: false,
            reason: null,
          },
        ],
      },
    },
  },
  getEmailRaw: {
    method: 'get',
    path: '/emails/{id}/raw',
    scope: 'full',
    tag: 'E-mails',
    summary: 'Read the exact bytes of an e-mail',
    description: 'Extension. The message as it was sent, or as it will be.',
    params: EmailParams,
    answers: {
      200: {
        mediaType: RAW_MEDIA_TYPE,
        headers: { 'X-Mailwright-Sha256': 'Lower-case hex SHA-256 of the body.' },
      },
    },
    errors: ['not_found'],
  },
} as const satisfies Record<string, Operation>;
