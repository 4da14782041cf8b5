import { createHash } from 'node:crypto';
import PostalMime, { type Email } from 'postal-mime';
import { expect } from 'vitest';
import { type House, house, mail } from './house.ts';

/** A file as another program finds it in a message. */
export interface FoundFile {
  readonly filename: string | null;
  readonly type: string;
  readonly disposition: string | null;
  readonly contentId: string | null;
  readonly bytes: Buffer;
}

/** Reads a message with a parser that is not ours. */
export async function filesIn(message: Uint8Array | string): Promise<readonly FoundFile[]> {
  const parsed: Email = await PostalMime.parse(message, {
    attachmentEncoding: 'arraybuffer',
    forceRfc822Attachments: true,
  });
  return parsed.attachments.map(({ filename, mimeType, disposition, contentId, content }) => ({
    filename,
    type: mimeType,
    disposition,
    contentId: contentId?.replace(/^<|>$/g, '') ?? null,
    bytes: typeof content === 'string' ? Buffer.from(content) : Buffer.from(new Uint8Array(content)),
  }));
}

/** The exact bytes of an accepted mail. */
export async function rawOf(it: House, id: string): Promise<Uint8Array> {
  const { status, bytes } = await it.call('GET', `/emails/${id}/raw`);
  expect(status).toBe(200);
  return bytes;
}

/** A mail with these attachments is accepted; what another program finds in it. */
export async function sent(
  attachments: readonly unknown[],
  over: Readonly<Record<string, unknown>> = {},
  it: House = house(),
): Promise<readonly FoundFile[]> {
  const { status, body } = await it.call('POST', '/emails', { body: mail({ attachments, ...over }) });
  expect(status, JSON.stringify(body)).toBe(200);
  return await filesIn(await rawOf(it, body.id));
}

/** A mail with these attachments is refused, and nothing of it is anywhere; the answer. */
export async function refused(attachments: unknown, it: House = house()) {
  const { status, body } = await it.call('POST', '/emails', { body: mail({ attachments }) });
  expect(status, JSON.stringify(body)).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(it.store.keys()).toEqual([]);
  expect(it.sql().exec('SELECT count(*) AS n FROM emails')).toEqual([{ n: 0 }]);
  expect(it.woken).toEqual([]);
  return body;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
