import { linkRefused, notFound } from '../../schemas/refusal.ts';
import { verified } from '../objects/verified.ts';
import type { Claims } from '../secrets/ticket.ts';
import type { Outgoing } from './answer.ts';
import { downloadDisposition } from './content-disposition.ts';
import type { Parts } from './parts.ts';
import { streamOf } from './stream.ts';

/** What a browser would run, if it were ever made to open it. */
const ACTIVE = /^(?:text\/(?:html|xml|javascript)|application\/(?:xml|javascript))$|\+xml$/;
const INERT = 'application/octet-stream';

/** A file that a link leads to. */
interface Downloadable {
  readonly filename: string | null;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
  readonly key: string;
}

/** What the link to a file of a mail says. The mail's row decides whether the file is still there. */
export function emailDownload(file: {
  readonly account: string;
  readonly email: string;
  readonly attachment: string;
}): Claims {
  return { a: file.account, e: file.email, f: file.attachment };
}

/**
 * `GET /downloads/{ticket}`: the bytes, to whoever has the link. Checked while they pass: a damaged file ends before it is
 * complete.
 *
 * @throws StoreUnavailable
 */
export async function download(ticket: string, parts: Parts, now: number): Promise<Outgoing> {
  const claims = await parts.tickets.download.read(ticket, now);
  if (claims === null) return { refusal: linkRefused() };
  const file = await fileOf(claims, parts);
  const object = file === null ? null : await parts.objects.get(file.key);
  if (file === null || object === null) return { refusal: notFound('Attachment') };
  const { filename, contentType, size, sha256 } = file;
  const [type = ''] = contentType.split(';');
  return {
    status: 200,
    bytes: streamOf(verified(object.body, { size, sha256 }, parts.hasher())),
    headers: {
      'content-type': ACTIVE.test(type) ? INERT : contentType,
      'content-length': String(size),
      'content-disposition': downloadDisposition(filename),
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-store',
    },
  };
}

async function fileOf(claims: Claims, parts: Parts): Promise<Downloadable | null> {
  const { a: account, e: id, f: attachmentId } = claims;
  if (typeof account !== 'string' || typeof id !== 'string' || typeof attachmentId !== 'string') return null;
  const room = await parts.account(account);
  return (await room?.attachment({ id, attachmentId })) ?? null;
}
