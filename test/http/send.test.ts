import { describe, expect, test } from 'vitest';
import { house, mail } from './house.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('POST /emails', () => {
  test('a mail is accepted with one call to the room, and answers its id alone', async () => {
    const it = house();
    const { status, body } = await it.call('POST', '/emails', { body: mail() });
    expect(body).toEqual({ id: expect.stringMatching(UUID) });
    expect(status).toBe(200);
    expect(it.verbs).toEqual(['accept']);
    expect(it.woken).toEqual(['default']);
  });
});
