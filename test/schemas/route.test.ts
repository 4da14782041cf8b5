import { describe, expect, test } from 'vitest';
import { OPERATIONS, type OperationId } from '../../schemas/operations.ts';
import { matchRoute, ROUTES } from '../../schemas/route.ts';

const ID = '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794';

function found(method: string, path: string) {
  const match = matchRoute(method, path);
  return match.kind === 'operation' ? [match.id, match.params] : match;
}

describe('the route table', () => {
  test('every operation is reached by its own method and path, and none by two', () => {
    for (const [id, { method, path }] of Object.entries(OPERATIONS)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      const asked = found(method.toUpperCase(), path.replace(/\{\w+\}/g, ID));
      expect(asked).toEqual([id, Object.fromEntries(names.map((name) => [name, ID]))]);
    }
    expect(new Set(ROUTES.map(({ method, segments }) => `${method} ${segments.join('/')}`)).size).toBe(
      ROUTES.length,
    );
  });

  test.each<[string, string, OperationId, Record<string, string>]>([
    ['POST', '//emails', 'sendEmail', {}],
    ['POST', '/emails/', 'sendEmail', {}],
    ['POST', '///emails//batch//', 'sendBatch', {}],
    ['POST', '/%65mails', 'sendEmail', {}],
    ['POST', '/emails/raw', 'sendRaw', {}],
    ['GET', '/emails/not-a-uuid', 'getEmail', { id: 'not-a-uuid' }],
    ['GET', `/emails/${ID}/raw`, 'getEmailRaw', { id: ID }],
    ['DELETE', '/suppressions/a%2Bb%40c.example', 'deleteSuppression', { id: 'a+b@c.example' }],
    ['GET', '/suppressions/a+b@c.example', 'getSuppression', { id: 'a+b@c.example' }],
    ['GET', '/suppressions/a%252Fb', 'getSuppression', { id: 'a%2Fb' }],
    ['GET', '/emails/%E0%A4%A', 'getEmail', { id: '%E0%A4%A' }],
    ['GET', '/emails/__proto__', 'getEmail', { id: '__proto__' }],
    ['post', '/suppressions/batch/add', 'addSuppressions', {}],
  ])('%s %s is %s', (method, path, id, params) => {
    expect(found(method, path)).toEqual([id, params]);
  });

  test.each([
    ['GET', '/'],
    ['GET', ''],
    ['GET', '/mails'],
    ['GET', '/Emails'],
    ['GET', '/emails/metrics'],
    ['GET', '/emails/receiving/x/y'],
    ['POST', '/inbound'],
    ['POST', `/emails/${ID}/share`],
    ['GET', '/templates'],
    ['POST', '/emails%2Fbatch'],
    ['GET', '/../etc/passwd'],
    ['GET', '/constructor'],
  ])('%s %s is no endpoint', (method, path) => {
    expect(matchRoute(method, path)).toEqual({ kind: 'unknown' });
  });

  test.each([
    ['PUT', '/emails', ['POST', 'GET']],
    ['DELETE', '/emails', ['POST', 'GET']],
    ['GET', '/emails/batch', ['POST']],
    ['PUT', `/emails/${ID}`, ['GET', 'PATCH', 'DELETE']],
    ['POST', '/health', ['GET']],
    ['OPTIONS', '/domains', ['GET']],
  ])('%s %s is the wrong verb, and the right ones are named', (method, path, allow) => {
    const match = matchRoute(method, path);
    expect(match.kind === 'method' && [...match.allow].sort()).toEqual([...allow].sort());
  });
});
