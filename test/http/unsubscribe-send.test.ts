import { describe, expect, test } from 'vitest';
import { readUnsubscribe } from '../../src/http/unsubscribe.ts';
import { createTickets } from '../../src/secrets/ticket.ts';
import { send } from './accepted.ts';
import { house, mail } from './house.ts';

const SECURE = { publicUrl: 'https://mail.mine.example' };
const BY_HEADER = { 'x-mailwright-unsubscribe': 'true' };

const unfolded = (mime: string) => mime.replace(/\r\n(?=[ \t])/g, '').split('\r\n\r\n')[0] ?? '';
const field = (mime: string, name: string) =>
  unfolded(mime)
    .split('\r\n')
    .find((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2);

async function rawOf(it: ReturnType<typeof house>, id: string): Promise<string> {
  const { bytes } = await it.call('GET', `/emails/${id}/raw`);
  return new TextDecoder().decode(bytes);
}

describe('a mail with a link to unsubscribe', () => {
  test.each([
    ['by the body', { unsubscribe: true }, {}],
    ['by the header', {}, BY_HEADER],
  ])('%s has the two fields of RFC 8058, and the link names its one recipient', async (_, over, headers) => {
    const it = house(SECURE);
    const { status, body } = await it.call('POST', '/emails', { body: mail(over), headers });
    expect(status).toBe(200);
    const mime = await rawOf(it, body.id);
    const link = /^<https:\/\/mail\.mine\.example\/unsubscribe\/([\w.-]+)>$/.exec(
      field(mime, 'List-Unsubscribe') ?? '',
    );
    expect(field(mime, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
    const tickets = createTickets(async () => new Uint8Array(32).fill(3));
    expect(await readUnsubscribe(tickets, link?.[1] ?? '', it.now)).toEqual({
      account: 'default',
      address: 'ada@people.example',
    });
  });

  test('over http the link is there, and no one-click', async () => {
    const it = house();
    const mime = await rawOf(it, await send(it, { unsubscribe: true }));
    expect(field(mime, 'List-Unsubscribe')).toMatch(/^<http:\/\/127\.0\.0\.1:3025\/unsubscribe\//);
    expect(field(mime, 'List-Unsubscribe-Post')).toBeUndefined();
  });

  test('has the same bytes at every attempt', async () => {
    const it = house(SECURE);
    const id = await send(it, { unsubscribe: true });
    expect(await rawOf(it, id)).toBe(await rawOf(it, id));
  });

  test('a dry run shows it, and the reader of it finds nothing to say', async () => {
    const it = house(SECURE);
    const { body } = await it.call('POST', '/emails', { body: mail({ unsubscribe: true, dry_run: true }) });
    expect(field(body.mime, 'List-Unsubscribe-Post')).toBe('List-Unsubscribe=One-Click');
    expect(body.lint).toEqual([]);
  });

  test('the body decides where the header says another thing', async () => {
    const it = house(SECURE);
    const { body } = await it.call('POST', '/emails', {
      body: mail({ unsubscribe: false }),
      headers: BY_HEADER,
    });
    expect(await rawOf(it, body.id)).not.toContain('List-Unsubscribe');
  });

  test.each([
    ['two in to', { to: ['a@people.example', 'b@people.example'] }],
    ['one more in cc', { cc: 'b@people.example' }],
    ['one more in bcc', { bcc: 'b@people.example' }],
  ])('is for one recipient alone: %s is refused', async (_, over) => {
    const it = house(SECURE);
    const { status, body } = await it.call('POST', '/emails', { body: mail({ unsubscribe: true, ...over }) });
    expect([status, body.field]).toEqual([422, 'unsubscribe']);
    expect(it.woken).toEqual([]);
  });

  test('one recipient that stands in two fields is one', async () => {
    const it = house(SECURE);
    await send(it, { unsubscribe: true, to: 'ada@people.example', cc: 'Ada <ada@people.example>' });
  });

  test.each(['List-Unsubscribe', 'list-unsubscribe-post'])(
    'beside a %s of its author it is refused',
    async (name) => {
      const it = house(SECURE);
      const headers = { [name]: '<https://mine.example/leave>' };
      const { status, body } = await it.call('POST', '/emails', {
        body: mail({ unsubscribe: true, headers }),
      });
      expect([status, body.field]).toEqual([422, `headers.${name}`]);
      await send(it, { headers });
    },
  );

  test.each([
    [{ unsubscribe: 'yes' }, {}, 'unsubscribe'],
    [{}, { 'x-mailwright-unsubscribe': 'yes' }, 'X-Mailwright-Unsubscribe'],
  ])('is asked for with true or false: %j %j', async (over, headers, where) => {
    const it = house(SECURE);
    const { status, body } = await it.call('POST', '/emails', { body: mail(over), headers });
    expect([status, body.field]).toEqual([422, where]);
  });

  test('in a batch each mail has its own link, and a wrong one is told with its place', async () => {
    const it = house(SECURE);
    const mails = ['a@people.example', 'b@people.example'].map((to) => mail({ to, unsubscribe: true }));
    const { body } = await it.call('POST', '/emails/batch', { body: mails });
    const links = await Promise.all(
      body.data.map(async ({ id }: { readonly id: string }) =>
        field(await rawOf(it, id), 'List-Unsubscribe'),
      ),
    );
    expect(new Set(links).size).toBe(2);
    const wrong = [mail(), mail({ unsubscribe: true, cc: 'b@people.example' })];
    expect((await it.call('POST', '/emails/batch', { body: wrong })).body.field).toBe('[1].unsubscribe');
  });

  test('the switch is part of what makes two requests the same', async () => {
    const it = house(SECURE);
    const headers = { 'idempotency-key': 'k' };
    const first = await it.call('POST', '/emails', { body: mail(), headers });
    const other = await it.call('POST', '/emails', { body: mail(), headers: { ...headers, ...BY_HEADER } });
    expect([first.status, other.status]).toEqual([200, 409]);
  });
});
