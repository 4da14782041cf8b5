import type { Operation } from './operation.ts';
import { PageQuery } from './page.ts';
import {
  CreateWebhook,
  TestWebhook,
  UpdateWebhook,
  Webhook,
  WebhookAttemptList,
  WebhookEvent,
  WebhookEventList,
  WebhookEventParams,
  WebhookEventQuery,
  WebhookEventRef,
  WebhookGone,
  WebhookList,
  WebhookParams,
  WebhookRef,
  WebhookSecret,
} from './webhook.ts';

const ID = '4dd369bc-aa82-4ff3-97de-514ae3000ee0';
const REF = { object: 'webhook', id: ID };
const AT = '2026-02-22T23:41:12.126Z';

/** The vector of Standard Webhooks 1.0.0, which opens nothing. */
const SECRET = { ...REF, signing_secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };

const SUMMARY = {
  id: ID,
  endpoint: 'https://example.com/webhooks/mail',
  events: ['email.bounced', 'email.delivered'],
  status: 'enabled',
  created_at: AT,
  disabled_reason: null,
  disabled_at: null,
  include_body: false,
};

const EVENT_ID = 'msg_0199c3a1e5f27d0c8b4f5a6b7c8d9e0f';
const EVENT_REF = { object: 'webhook_event', id: EVENT_ID };
const EVENT = { id: EVENT_ID, type: 'email.bounced', created_at: AT, status: 'attempting' };

const DIAGNOSTIC = '550 5.1.1 User unknown';
const PAYLOAD = {
  type: 'email.bounced',
  created_at: AT,
  data: {
    email_id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794',
    message_id: '<8f14e45f-ceea-467f-a9d3-3b1c2d4e5f60@example.com>',
    created_at: '2026-02-22T23:41:11.894Z',
    from: 'Shop <hello@example.com>',
    to: ['ada@example.net'],
    subject: 'Your order 4711',
    tags: { kind: 'order' },
    bounce: {
      type: 'Permanent',
      subType: 'NoEmail',
      message: DIAGNOSTIC,
      diagnosticCode: [`smtp; ${DIAGNOSTIC}`],
    },
    recipient: 'ada@example.net',
    relay: 'smtp.example.net',
    smtp: {
      code: 550,
      enhanced_code: '5.1.1',
      response: DIAGNOSTIC,
      remote_host: 'smtp.example.net',
      tls: 'TLSv1.3',
    },
  },
};

/** Where events go, and what became of each of them. */
export const WEBHOOK_OPERATIONS = {
  createWebhook: {
    method: 'post',
    path: '/webhooks',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Create a webhook',
    description:
      'Events of these types are posted to the endpoint from now on, signed by the secret in the answer. See the webhooks of ' +
      'this document for what is posted.',
    body: CreateWebhook,
    answers: { 201: WebhookSecret },
    errors: [],
    examples: {
      bounces: { endpoint: SUMMARY.endpoint, events: ['email.bounced', 'email.delivered'] },
      mail: { endpoint: SUMMARY.endpoint, events: ['email.received'], include_body: true },
    },
    answerExamples: { created: SECRET },
  },
  listWebhooks: {
    method: 'get',
    path: '/webhooks',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'List webhooks',
    description: 'Newest first, without secrets.',
    query: PageQuery,
    answers: { 200: WebhookList },
    errors: ['validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [SUMMARY] } },
  },
  getWebhook: {
    method: 'get',
    path: '/webhooks/{id}',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Read a webhook',
    description: 'With its newest signing secret.',
    params: WebhookParams,
    answers: { 200: Webhook },
    errors: ['not_found'],
    answerExamples: { enabled: { ...SUMMARY, ...SECRET } },
  },
  updateWebhook: {
    method: 'patch',
    path: '/webhooks/{id}',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Change a webhook',
    description:
      'Disabling ends what waits as `failed`; it can be replayed later. Enabling forgets earlier failures.',
    params: WebhookParams,
    body: UpdateWebhook,
    bodyRequired: false,
    answers: { 200: WebhookRef },
    errors: ['not_found'],
    examples: {
      otherTypes: { events: ['email.bounced', 'email.complained'] },
      disable: { status: 'disabled' },
    },
    answerExamples: { changed: REF },
  },
  deleteWebhook: {
    method: 'delete',
    path: '/webhooks/{id}',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Delete a webhook',
    description: 'Nothing is sent any more, and its events are forgotten.',
    params: WebhookParams,
    answers: { 200: WebhookGone },
    errors: ['not_found'],
    answerExamples: { gone: { ...REF, deleted: true } },
  },
  rotateWebhookSecret: {
    method: 'post',
    path: '/webhooks/{id}/signing-secret/rotate',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Rotate the signing secret',
    description: 'The new secret signs at once; the one before it signs beside it for 24 hours.',
    params: WebhookParams,
    answers: { 200: WebhookSecret },
    errors: ['not_found'],
    answerExamples: { rotated: SECRET },
  },
  testWebhook: {
    method: 'post',
    path: '/webhooks/{id}/test',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Send a sample event',
    description:
      'Extension. Posts a made-up event to this webhook, marked `"test": true` in its `data`, signed and retried like any other.',
    params: WebhookParams,
    body: TestWebhook,
    bodyRequired: false,
    answers: { 200: WebhookEventRef },
    errors: ['not_found'],
    examples: { bounce: { type: 'email.bounced' } },
    answerExamples: { queued: EVENT_REF },
  },
  listWebhookEvents: {
    method: 'get',
    path: '/webhooks/{id}/events',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'List the events of a webhook',
    description: 'What was sent to it or will be, newest first.',
    params: WebhookParams,
    query: WebhookEventQuery,
    answers: { 200: WebhookEventList },
    errors: ['not_found', 'validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [EVENT] } },
  },
  getWebhookEvent: {
    method: 'get',
    path: '/webhooks/{id}/events/{event_id}',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Read an event of a webhook',
    description: 'With the payload that is posted, and when it is posted next.',
    params: WebhookEventParams,
    answers: { 200: WebhookEvent },
    errors: ['not_found'],
    answerExamples: {
      retried: {
        object: 'webhook_event',
        ...EVENT,
        next_attempt_at: '2026-02-22T23:46:12.126Z',
        payload: PAYLOAD,
      },
    },
  },
  replayWebhookEvent: {
    method: 'post',
    path: '/webhooks/{id}/events/{event_id}/replay',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'Send an event again',
    description: 'One that succeeded or failed: the same id and the same payload, with all its retries anew.',
    params: WebhookEventParams,
    answers: { 200: WebhookEventRef },
    errors: ['not_found', 'validation_error'],
    answerExamples: { queued: EVENT_REF },
  },
  listWebhookAttempts: {
    method: 'get',
    path: '/webhooks/{id}/events/{event_id}/attempts',
    scope: 'full',
    tag: 'Webhooks',
    summary: 'List the attempts at an event',
    description: 'Each call with what was answered, newest first.',
    params: WebhookEventParams,
    query: PageQuery,
    answers: { 200: WebhookAttemptList },
    errors: ['not_found', 'validation_error'],
    answerExamples: {
      page: {
        object: 'list',
        has_more: false,
        data: [
          {
            id: '0199c3a1-e5f2-7d0c-8b4f-5a6b7c8d9e10',
            http_status_code: 503,
            response: 'Service Unavailable',
            sent_at: AT,
          },
        ],
      },
    },
  },
} as const satisfies Record<string, Operation>;
