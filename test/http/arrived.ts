import { expect } from 'vitest';
import type { ReadMail } from '../../src/mailroom/arrival-records.ts';
import type { ReceivedAttachmentRecord, ReceivedHead } from '../../src/mailroom/received-records.ts';
import { objectKey } from '../../src/objects/key.ts';
import { sha256 } from './attached.ts';
import type { House, Reply } from './house.ts';

export const MESSAGE = [
  'From: Ann Other <ann@there.example>',
  'To: support@mine.example',
  'Subject: A question',
  'Message-ID: <question@there.example>',
  '',
  'Why?',
  '',
].join('\r\n');

interface HandedIn {
  readonly query?: string;
  readonly key?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Posts a mail as any MTA would. */
export async function handIn(it: House, message: unknown = MESSAGE, over: HandedIn = {}): Promise<Reply> {
  const { query = '?from=ann@there.example&to=support@mine.example', path = '/inbound/mime', key } = over;
  return await it.call('POST', `${path}${query}`, {
    body: message,
    headers: { 'content-type': 'message/rfc822', ...over.headers },
    ...(key !== undefined && { key }),
  });
}

/** A mail that was kept; answers its id. */
export async function arrive(it: House, message: unknown = MESSAGE, over: HandedIn = {}): Promise<string> {
  const { status, body } = await handIn(it, message, over);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toMatchObject({ object: 'email', duplicate: false });
  return body.id;
}

/** The one mail that waits is read, with what a reader would have found. */
export function readIt(
  it: House,
  over: Partial<ReadMail> & { readonly heading?: Partial<ReceivedHead> } = {},
  account = 'default',
): void {
  const room = it.room(account);
  const { claims } = room.claimArrivals({ now: it.now, limit: 10, leaseMs: 60_000 });
  const [claim, ...others] = claims;
  if (claim === undefined || others.length > 0) throw new Error(`${claims.length} mails are to be read`);
  const { heading = {}, ...found } = over;
  const mail: ReadMail = {
    parse: 'full',
    head: { ...claim.head, ...heading },
    content: { kind: 'inline', html: null, text: 'Why?' },
    attachments: [],
    strippedText: 'Why?',
    authentication: { spf: 'pass', dkim: null, dmarc: 'none', source: 'header' },
    auto: { reply: false, bounce: false, list: true },
    report: { kind: 'not_a_report' },
    token: null,
    ...found,
  };
  const outcome = { kind: 'read', mail, forwards: [], body: null } as const;
  expect(room.settleArrival({ claimId: claim.claimId, now: it.now, outcome })).toBe('settled');
}

/** A file of a received mail, put where a reader puts it. */
export async function storedFile(
  it: House,
  bytes: Uint8Array,
  over: Partial<ReceivedAttachmentRecord> = {},
  account = 'default',
): Promise<ReceivedAttachmentRecord> {
  const digest = sha256(bytes);
  const key = objectKey({ account, id: digest });
  await it.store.put(key, bytes, { contentType: 'application/octet-stream' });
  return {
    id: it.parts.newId(),
    filename: 'a.bin',
    contentType: 'application/octet-stream',
    contentId: null,
    disposition: 'attachment',
    size: bytes.length,
    sha256: digest,
    key,
    ...over,
  };
}
