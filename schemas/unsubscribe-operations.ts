import * as z from 'zod';
import type { Operation } from './operation.ts';

const TokenParams = z.object({
  token: z.string().meta({ description: 'From the `List-Unsubscribe` of a mail. Opaque.' }),
});

const PAGE = { mediaType: 'text/html' } as const;

/** Where the link in a mail leads that was sent with `unsubscribe`. */
export const UNSUBSCRIBE_OPERATIONS = {
  askUnsubscribe: {
    method: 'get',
    path: '/unsubscribe/{token}',
    scope: 'none',
    tag: 'Suppressions',
    summary: 'Show the page of an unsubscribe link',
    description:
      'Extension. A small page with a button. It changes nothing: programs that follow every link of a mail take nobody off.',
    params: TokenParams,
    answers: { 200: PAGE },
    errors: ['not_found'],
  },
  unsubscribe: {
    method: 'post',
    path: '/unsubscribe/{token}',
    scope: 'none',
    tag: 'Suppressions',
    summary: 'Unsubscribe with one click',
    description:
      'Extension. RFC 8058. The body is exactly `List-Unsubscribe=One-Click`, as a form in either encoding. The address is on the ' +
      'suppression list before the answer comes; once or often is the same.',
    params: TokenParams,
    bytesBody: 'application/x-www-form-urlencoded',
    answers: { 200: PAGE },
    errors: ['not_found', 'malformed_body'],
  },
} as const satisfies Record<string, Operation>;
