import { describe, expect, test } from 'vitest';
import type { Operation } from '../../schemas/operation.ts';
import { OPERATIONS } from '../../schemas/operations.ts';
import { type House, house, mail } from './house.ts';

const EXAMPLES = (Object.entries(OPERATIONS) as [string, Operation][]).flatMap(([id, operation]) =>
  Object.entries(operation.examples ?? {}).map(([name, body]) => [id, name, operation, body] as const),
);

/** A thing of the kind that the path names, which the example can be about. */
async function subject(it: House, path: string): Promise<string> {
  const [, kind] = path.split('/');
  const made =
    kind === 'api-keys'
      ? await it.call('POST', '/api-keys', { body: { name: 'x' } })
      : kind === 'webhooks'
        ? await it.call('POST', '/webhooks', {
            body: { endpoint: 'https://receiver.example/', events: ['email.sent'] },
          })
        : kind === 'routes'
          ? await it.call('POST', '/routes', {
              body: { match: { domain: 'mine.example' }, actions: [{ type: 'store' }] },
            })
          : await it.call('POST', '/emails', { body: mail({ scheduled_at: 'in 1 hour' }) });
  return made.body.id;
}

/** Some examples are about an entry that is there. */
async function prepared(it: House): Promise<void> {
  const emails = ['ada@example.net', 'grace@example.net'];
  await it.call('POST', '/suppressions/batch/add', {
    body: { emails: emails.map((email) => `old-${email}`) },
  });
}

describe('every example of the document', () => {
  test('there are examples', () => {
    expect(EXAMPLES.length).toBeGreaterThan(8);
  });

  test.each(EXAMPLES)(
    '%s, %s: gets the answer that the document promises',
    async (_, __, operation, body) => {
      const it = house({ domains: null, receivingDomains: null });
      await prepared(it);
      const path = operation.path.includes('{id}')
        ? operation.path.replace('{id}', await subject(it, operation.path))
        : operation.path;
      const { status, body: answer } = await it.call(operation.method.toUpperCase(), path, { body });
      expect(Object.keys(operation.answers), JSON.stringify(answer)).toContain(String(status));
    },
  );
});
