import { CreateInboundUrl, InboundParams, InboundQuery, InboundReceipt, InboundUrl } from './inbound.ts';
import { ANY_TYPE, type Operation } from './operation.ts';
import { RAW_MEDIA_TYPE } from './raw.ts';

const RECEIPT = { object: 'email', id: '0199c3a1-e5f2-7d0c-8b4f-5a6b7c8d9e20', duplicate: false };

/** Where mail is handed in over HTTP. */
export const INBOUND_OPERATIONS = {
  createInboundUrl: {
    method: 'post',
    path: '/inbound/urls',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Make a URL that takes mail in',
    description:
      'Extension. For a mail server, a pipe or a provider that should have no API key. It is signed and not kept: one that was given ' +
      'to the wrong hands ends when its time is over, or with SECRET_KEY.',
    body: CreateInboundUrl,
    bodyRequired: false,
    answers: { 201: InboundUrl },
    errors: [],
    examples: {
      forSupport: { to: 'support@example.com', expires_in: '90 days' },
      forPostmark: { source: 'postmark' },
    },
    answerExamples: {
      url: {
        object: 'inbound_url',
        url: 'https://mail.example.com/inbound/mime/eyJhIjoiZGVmYXVsdCJ9.9So5',
        expires_at: '2026-05-23T23:41:12.126Z',
      },
    },
  },
  receiveMime: {
    method: 'post',
    path: '/inbound/mime',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Hand in a mail',
    description:
      'Extension. The body is the mail, byte for byte, under any content type; it is kept as it is. Answered when it is durable: what ' +
      'was answered otherwise than with 200 was not taken. The same bytes for the same envelope within 48 hours are one mail. 403: the ' +
      'domain is not received for, or a route refuses it. A mail that a route throws away is answered 200 without an id, so that ' +
      'nobody brings it again.',
    query: InboundQuery,
    bytesBody: RAW_MEDIA_TYPE,
    answers: { 200: InboundReceipt },
    errors: ['mail_refused', 'too_large', 'missing_required_field', 'validation_error'],
    answerExamples: { kept: RECEIPT },
  },
  receiveByUrl: {
    method: 'post',
    path: '/inbound/{source}/{ticket}',
    scope: 'none',
    tag: 'Receiving',
    summary: 'Hand in a mail by a signed URL',
    description:
      'Extension. For `mime` the body and the answers are those of `POST /inbound/mime`; a recipient in the signed URL wins over `to`. For ' +
      'a provider the body is what it posts, proved by its own signature as well where it signs, and a mail that is refused for good is ' +
      'answered by the status at which this provider stops. 401: the URL or the signature is not valid, and nothing was kept.',
    params: InboundParams,
    query: InboundQuery,
    bytesBody: ANY_TYPE,
    answers: { 200: InboundReceipt },
    errors: [
      'unproved',
      'mail_refused',
      'delivery_refused',
      'too_large',
      'missing_required_field',
      'validation_error',
      'unavailable',
    ],
    answerExamples: { kept: RECEIPT },
  },
} as const satisfies Record<string, Operation>;
