import { describe, expect, test } from 'vitest';
import { createTickets, type Tickets } from '../../src/secrets/ticket.ts';

const NOON = Date.UTC(2026, 0, 1, 12);
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const ticketsOf = (fill: number): Tickets => createTickets(async () => new Uint8Array(32).fill(fill));
const tickets = ticketsOf(1);
const CLAIMS = { account: 'default', size: 7, sha256: null };

describe('a ticket', () => {
  test('says what was said, until its end', async () => {
    const ticket = await tickets.issue(CLAIMS, NOON);
    expect(ticket).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
    expect(await tickets.read(ticket, NOON - 1)).toEqual(CLAIMS);
    expect(await tickets.read(ticket, NOON)).toBeNull();
  });

  test('is read by the key it was written with, and by no other', async () => {
    const ticket = await tickets.issue(CLAIMS, NOON);
    expect(await ticketsOf(1).read(ticket, 0)).toEqual(CLAIMS);
    expect(await ticketsOf(2).read(ticket, 0)).toBeNull();
  });

  test('has one spelling: every other character in its last place makes it void', async () => {
    const ticket = await tickets.issue(CLAIMS, NOON);
    const accepted: string[] = [];
    for (const character of ALPHABET) {
      if ((await tickets.read(ticket.slice(0, -1) + character, 0)) !== null) accepted.push(character);
    }
    expect(accepted).toEqual([ticket.at(-1)]);
  });

  test.each([
    '',
    '.',
    'x',
    'x.',
    '.x',
    'eyJ1bnRpbCI6OTk5OTk5OTk5OTk5OTl9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    `${'x'.repeat(3000)}.x`,
    '한글.한글',
    'a.b.c',
  ])('is not %.40j', async (ticket) => {
    expect(await tickets.read(ticket, 0)).toBeNull();
  });

  test('of one part that belongs to another is void', async () => {
    const [one = ''] = (await tickets.issue(CLAIMS, NOON)).split('.');
    const [, other = ''] = (await tickets.issue({ ...CLAIMS, size: 8 }, NOON)).split('.');
    expect(await tickets.read(`${one}.${other}`, 0)).toBeNull();
  });
});
