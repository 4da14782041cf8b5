import { expect } from 'vitest';
import { house, mail } from './house.ts';

/** The refusal of a mail with these fields; nothing must have been stored. */
export async function refusal(over: Readonly<Record<string, unknown>>) {
  const it = house();
  const { status, body } = await it.call('POST', '/emails', { body: mail(over) });
  expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect((await it.call('GET', '/emails')).body.data).toEqual([]);
  expect(it.woken).toEqual([]);
  return body;
}

/** What is stored and composed of an accepted mail with these fields. */
export async function accepted(over: Readonly<Record<string, unknown>>) {
  const it = house();
  const { status, body } = await it.call('POST', '/emails', { body: mail(over) });
  expect(status, JSON.stringify(body)).toBe(200);
  const email = (await it.call('GET', `/emails/${body.id}`)).body;
  const raw = await it.call('GET', `/emails/${body.id}/raw`);
  return { email, mime: new TextDecoder('latin1').decode(raw.bytes), headers: raw.headers };
}

export function headerNames(mime: string): readonly string[] {
  const [head = ''] = mime.split('\r\n\r\n');
  return head.split(/\r\n(?![ \t])/).map((line) => line.split(':')[0]?.toLowerCase() ?? '');
}

/** What every mail has. */
export const PLAIN_HEADERS = [
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'mime-version',
  'content-type',
].toSorted();
