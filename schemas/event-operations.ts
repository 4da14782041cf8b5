import { AccountEventList, AccountEventQuery } from './event.ts';
import type { Operation } from './operation.ts';

/** The history of the whole account. */
export const EVENT_OPERATIONS = {
  listEvents: {
    method: 'get',
    path: '/events',
    scope: 'full',
    tag: 'Events',
    summary: 'List all events',
    description:
      'Extension. Newest first: every step of every mail, addresses that were suppressed or released, and webhooks that were ' +
      'disabled. Filters combine; all of them must hold.',
    query: AccountEventQuery,
    answers: { 200: AccountEventList },
    errors: ['validation_error'],
    answerExamples: {
      page: {
        object: 'list',
        has_more: false,
        data: [
          {
            id: '0199c3a1-e5f2-7d0c-8b4f-5a6b7c8d9e0f',
            type: 'email.bounced',
            created_at: '2026-02-22T23:41:12.126Z',
            recipient: 'ada@example.net',
            attempt: 1,
            relay: 'smtp.example.net',
            phase: 'rcpt',
            smtp: {
              code: 550,
              enhanced_code: '5.1.1',
              response: '550 5.1.1 User unknown',
              remote_host: 'smtp.example.net',
              tls: 'TLSv1.3',
            },
            next_attempt_at: null,
            maybe_duplicate: false,
            reason: 'user_unknown',
            email_id: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794',
            webhook_id: null,
          },
        ],
      },
    },
  },
} as const satisfies Record<string, Operation>;
