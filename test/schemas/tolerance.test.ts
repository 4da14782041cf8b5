import { describe, expect, test } from 'vitest';
import { tolerate } from '../../schemas/tolerance.ts';

const send = (body: unknown) => tolerate('sendEmail', body);

describe('what the contract forgives', () => {
  test.each([
    ['null means absent', { to: 'a@b.example', cc: null, topic_id: null }, { to: 'a@b.example' }],
    ['an empty array for headers is an empty map', { headers: [] }, { headers: {} }],
    [
      'an empty array for variables is an empty map',
      { template: { id: 'x', variables: [] } },
      { template: { id: 'x', variables: {} } },
    ],
    [
      'null variables of a template are absent',
      { template: { id: 'x', variables: null } },
      { template: { id: 'x' } },
    ],
    [
      'a null filename is absent',
      { attachments: [{ content: 'aGk=', filename: null }] },
      { attachments: [{ content: 'aGk=' }] },
    ],
    [
      'contentType is read as content_type',
      { attachments: [{ contentType: 'text/plain' }] },
      { attachments: [{ contentType: 'text/plain', content_type: 'text/plain' }] },
    ],
    [
      'inline_content_id is read as content_id',
      { attachments: [{ inline_content_id: 'logo' }] },
      { attachments: [{ inline_content_id: 'logo', content_id: 'logo' }] },
    ],
    [
      'the newer spelling wins',
      { attachments: [{ contentType: 'a/b', content_type: 'c/d' }] },
      { attachments: [{ contentType: 'a/b', content_type: 'c/d' }] },
    ],
  ])('%s', (_, given, expected) => {
    expect(send(given)).toEqual(expected);
  });

  test.each([
    ['a list that is not empty where a map belongs', { headers: ['x'] }],
    ['null inside a list', { to: [null] }],
    ['null as the value of a header', { headers: { 'X-A': null } }],
    ['an empty string', { subject: '' }],
    ['text instead of an object', 'text'],
    ['null instead of an object', null],
    ['a list instead of an object', [{ to: null }]],
    ['an attachment that is no object', { attachments: ['text'] }],
  ])('%s is left for the schema to refuse', (_, given) => {
    expect(send(given)).toEqual(given);
  });

  test('every item of a batch is forgiven alike', () => {
    expect(tolerate('sendBatch', [{ cc: null }, { headers: [] }])).toEqual([{}, { headers: {} }]);
  });

  test('the bodies of other operations lose their nulls and nothing else', () => {
    expect(tolerate('createApiKey', { name: 'x', domain_id: null, headers: [] })).toEqual({
      name: 'x',
      headers: [],
    });
  });

  test('the input stays as it was', () => {
    const given = { cc: null, headers: [], attachments: [{ filename: null }] };
    send(given);
    expect(given).toEqual({ cc: null, headers: [], attachments: [{ filename: null }] });
  });

  test('attachment content is handed on, not copied', () => {
    const content = [104, 105];
    const { attachments } = send({ attachments: [{ content, filename: null }] }) as {
      attachments: { content: unknown }[];
    };
    expect(attachments[0]?.content).toBe(content);
  });
});

describe('keys named after prototypes', () => {
  const POISON = '{"isPolluted":true,"to":"x@y.example"}';

  test.each(
    ['__proto__', 'constructor', 'prototype'].flatMap((key) => [
      [key, 'a body', `{"cc":null,"${key}":${POISON}}`],
      [key, 'a body with a map', `{"headers":[],"${key}":${POISON}}`],
      [key, 'a template', `{"template":{"id":null,"${key}":${POISON}}}`],
      [key, 'an attachment', `{"attachments":[{"filename":null,"contentType":"a/b","${key}":${POISON}}]}`],
    ]),
  )('threats §6 r5: %s in %s reaches no prototype', (_, __, text) => {
    const body = send(JSON.parse(text)) as { template?: object; attachments?: object[] };
    for (const value of [body, body.template ?? {}, ...(body.attachments ?? [])]) {
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(value).not.toHaveProperty('isPolluted');
      expect(value).not.toHaveProperty('to');
    }
    expect(Object.getPrototypeOf({})).not.toHaveProperty('isPolluted');
  });
});
