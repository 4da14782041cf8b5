import * as z from 'zod';
import { BatchAnswer, SendBatch } from './batch.ts';
import { DryRun } from './dry-run.ts';
import { EmailId, SendEmail } from './email.ts';
import type { Operation } from './operation.ts';
import { RAW_MEDIA_TYPE, SendRaw } from './raw.ts';
import { BatchHeaders, MailHeaders, RawHeaders } from './send-headers.ts';

/** A dry run answers under the same status as the send it tries. Its shape comes first: `{id}` would fit both. */
const SendAnswer = z.union([DryRun, EmailId]).meta({
  id: 'SendAnswer',
  description: 'The id of the accepted e-mail; of a dry run, what a send would have done.',
});

const SEND_ERRORS = [
  'invalid_from_address',
  'invalid_attachment',
  'domain_refused',
  'invalid_idempotency_key',
  'invalid_idempotent_request',
  'concurrent_idempotent_requests',
  'not_found',
] as const;

const ID = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';
const OTHER_ID = '6b9f2c84-3f0d-4b7a-9a39-2f5a1de0c4b1';

const DRY_RUN = {
  id: ID,
  object: 'dry_run',
  mime: 'From: Shop <hello@example.com>\r\nTo: ada@example.net\r\nSubject: Your order 4711\r\n\r\nOn its way.\r\n',
  size: 105,
  envelope: { from: 'hello@example.com', to: ['ada@example.net'] },
  lint: [],
};

/** Sending: what a `sending_access` key may do. */
export const SEND_OPERATIONS = {
  sendEmail: {
    method: 'post',
    path: '/emails',
    scope: 'sending',
    tag: 'Sending',
    summary: 'Send an e-mail',
    description:
      'Accepts one message for up to 50 recipients in each of `to`, `cc` and `bcc`. The answer comes after the message, ' +
      'its recipients and its idempotency key are durably stored; it is then submitted to a relay, at once or at ' +
      '`scheduled_at`. A suppressed recipient does not fail the call: it is recorded and skipped.',
    headers: MailHeaders,
    body: SendEmail,
    answers: { 200: SendAnswer },
    errors: SEND_ERRORS,
    examples: {
      text: {
        from: 'Shop <hello@example.com>',
        to: 'ada@example.net',
        subject: 'Your order 4711',
        text: 'On its way.',
      },
      html: {
        from: 'Shop <hello@example.com>',
        to: ['Ada Lovelace <ada@example.net>'],
        bcc: 'archive@example.com',
        reply_to: 'help@example.com',
        subject: 'Your order 4711',
        html: '<p>On its way.</p>',
        headers: { 'X-Order': '4711' },
        tags: [{ name: 'kind', value: 'order' }],
      },
      scheduled: {
        from: 'hello@example.com',
        to: 'ada@example.net',
        subject: 'Tomorrow at nine',
        text: 'Good morning.',
        scheduled_at: 'tomorrow at 9am',
      },
      dryRun: {
        from: 'Shop <hello@example.com>',
        to: 'ada@example.net',
        subject: 'Your order 4711',
        text: 'On its way.',
        dry_run: true,
      },
    },
    answerExamples: { accepted: { id: ID }, dryRun: DRY_RUN },
  },
  sendBatch: {
    method: 'post',
    path: '/emails/batch',
    scope: 'sending',
    tag: 'Sending',
    summary: 'Send up to 100 e-mails',
    description:
      'Each item is a body of `POST /emails`. In `strict` mode, the default, the first bad item refuses the whole batch and ' +
      'nothing is stored; the error names its place, as in `[2].to`. In `permissive` mode good items are accepted and bad ' +
      'ones reported in `errors`; `results` pairs every item with its outcome. One idempotency key covers the whole batch.',
    headers: BatchHeaders,
    body: SendBatch,
    answers: { 200: BatchAnswer },
    errors: SEND_ERRORS,
    examples: {
      two: [
        { from: 'hello@example.com', to: 'ada@example.net', subject: 'Hello Ada', text: 'First.' },
        { from: 'hello@example.com', to: 'grace@example.net', subject: 'Hello Grace', text: 'Second.' },
      ],
    },
    answerExamples: {
      strict: { data: [{ id: ID }, { id: OTHER_ID }] },
      permissive: {
        data: [{ id: ID }],
        errors: [{ index: 1, message: 'Missing `to` field.' }],
        results: [
          { index: 0, status: 'accepted', id: ID },
          {
            index: 1,
            status: 'rejected',
            name: 'missing_required_field',
            message: 'Missing `to` field.',
          },
        ],
      },
    },
  },
  sendRaw: {
    method: 'post',
    path: '/emails/raw',
    scope: 'sending',
    tag: 'Sending',
    summary: 'Send a message you composed',
    description:
      'Extension. Takes a whole RFC 5322 message, as JSON with base64 or as the bytes themselves under ' +
      '`message/rfc822`. The envelope comes from `from` and `to`, else from the headers. `Bcc` is removed; sender ' +
      'check, limits, suppression, idempotency and events are those of any mail.',
    headers: RawHeaders,
    body: SendRaw,
    bytesBody: RAW_MEDIA_TYPE,
    answers: { 200: SendAnswer },
    errors: SEND_ERRORS,
    examples: {
      base64: {
        raw: 'RnJvbTogaGVsbG9AZXhhbXBsZS5jb20NClRvOiBhZGFAZXhhbXBsZS5uZXQNClN1YmplY3Q6IEhlbGxvDQoNCkhlbGxvLg0K',
      },
    },
    answerExamples: { accepted: { id: ID } },
  },
} as const satisfies Record<string, Operation>;
