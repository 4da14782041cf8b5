import { describe, expect, it } from 'vitest';
import { bodyForCalls } from '../../src/inbound/body-for-calls.ts';
import { readDownload } from '../../src/secrets/download-links.ts';
import { createTickets } from '../../src/secrets/ticket.ts';
import { file } from '../contracts/mailroom/inbox-house.ts';

const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const tickets = createTickets(async () => new Uint8Array(32));

const bodyOf = (body: { readonly text: string | null; readonly html: string | null }, files = 1) =>
  bodyForCalls(
    {
      ...{ account: 'default', id: 'mail', body },
      mail: { attachments: Array.from({ length: files }, (_, nth) => file(`f${nth}`)) },
    },
    { tickets, publicUrl: 'https://mail.example', now: NOW },
  );

const claimsOf = async (url: string, at: number) => {
  const said = await tickets.read(url.replace('https://mail.example/downloads/', ''), at);
  return said === null ? null : readDownload(said);
};

describe('what webhooks get that asked for the body', () => {
  it('is the whole of a small mail, with links that live for two days', async () => {
    const body = await bodyOf({ text: 'Hello', html: null });
    expect(body).toMatchObject({
      text: 'Hello',
      html: null,
      truncated: false,
      rawExpiresAt: NOW + 48 * HOUR_MS,
    });
    const [link] = body.links;
    const received = { kind: 'received', account: 'default', email: 'mail' };
    expect(await claimsOf(body.rawUrl, NOW + 47 * HOUR_MS)).toEqual({ ...received, attachment: null });
    expect(await claimsOf(link?.downloadUrl ?? '', NOW)).toEqual({ ...received, attachment: link?.id });
    expect(await claimsOf(body.rawUrl, NOW + 48 * HOUR_MS)).toBeNull();
  });

  it.each([
    ['plain text', 'x'],
    ['what JSON escapes', '\u0001'],
    ['quotes', '"'],
    ['three bytes each', '안'],
    ['four bytes each', '😀'],
  ])('is cut to what a call may hold: %s', async (_what, character) => {
    const long = character.repeat(200_000);
    const { text, html, truncated } = await bodyOf({ text: long, html: long });
    const size = Buffer.byteLength(JSON.stringify({ text, html }));
    expect(truncated).toBe(true);
    expect(size).toBeLessThan(161 * 1024);
    expect(size).toBeGreaterThan(140 * 1024);
    expect((text ?? '').isWellFormed() && (html ?? '').isWellFormed()).toBe(true);
  });

  it('has at most a hundred links, and says that it has not all', async () => {
    const { links, truncated } = await bodyOf({ text: null, html: null }, 101);
    expect([links.length, truncated]).toEqual([100, true]);
  });
});
