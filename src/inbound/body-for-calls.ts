import type { ReadMail, SettleArrivalCall } from '../mailroom/arrival-records.ts';
import { downloadUrl } from '../secrets/download-links.ts';
import type { Tickets } from '../secrets/ticket.ts';

/** A call is tried for a day and a half; its links should live longer. */
const LINKS_MS = 48 * 3_600_000;
/** Of the 256 KiB of a call; the rest is for the stripped text, the header and the links. */
const MAX_TEXT_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 160 * 1024;
const MAX_LINKS = 100;

type Body = NonNullable<Extract<SettleArrivalCall['outcome'], { kind: 'read' }>['body']>;

/** What webhooks get that asked for the body: as much of it as a call may hold, and signed links to the rest. */
export async function bodyForCalls(
  {
    account,
    id,
    mail,
    body,
  }: {
    readonly account: string;
    readonly id: string;
    readonly mail: Pick<ReadMail, 'attachments'>;
    readonly body: { readonly text: string | null; readonly html: string | null };
  },
  {
    tickets,
    publicUrl,
    now,
  }: {
    readonly tickets: Tickets;
    readonly publicUrl: string;
    readonly now: number;
  },
): Promise<Body> {
  const until = now + LINKS_MS;
  const link = (attachment: string | null): Promise<string> =>
    downloadUrl({ kind: 'received', account, email: id, attachment }, { tickets, publicUrl, until });
  const text = body.text === null ? null : cutAsJson(body.text, MAX_TEXT_BYTES);
  const left = MAX_BODY_BYTES - (text === null ? 0 : sizeAsJson(text));
  const html = body.html === null ? null : cutAsJson(body.html, left);
  const linked = mail.attachments.slice(0, MAX_LINKS);
  return {
    text,
    html,
    truncated: text !== body.text || html !== body.html || linked.length < mail.attachments.length,
    rawUrl: await link(null),
    rawExpiresAt: until,
    links: await Promise.all(
      linked.map(async (file) => ({ id: file.id, downloadUrl: await link(file.id), expiresAt: until })),
    ),
  };
}

/** The beginning of a text that has so many bytes in JSON: a control character has six there. */
function cutAsJson(text: string, bytes: number): string {
  // A character is a byte at least: what lies behind need not be measured.
  let cut = text.slice(0, bytes);
  for (let size = sizeAsJson(cut); size > bytes; size = sizeAsJson(cut)) {
    cut = cut.slice(0, Math.floor((cut.length * bytes * 0.99) / size));
  }
  // Half a surrogate pair is no character.
  return cut.length < text.length && /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

function sizeAsJson(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length;
}
