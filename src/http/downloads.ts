import { RAW_MEDIA_TYPE } from '../../schemas/raw.ts';
import { linkRefused, notFound } from '../../schemas/refusal.ts';
import type { ReceivedDetail } from '../mailroom/received-records.ts';
import { verified } from '../objects/verified.ts';
import { type DownloadTarget, readDownload } from '../secrets/download-links.ts';
import type { Outgoing } from './answer.ts';
import { downloadDisposition } from './content-disposition.ts';
import type { Parts } from './parts.ts';
import { streamOf } from './stream.ts';

/** What a browser would run, if it were ever made to open it. */
const ACTIVE = /^(?:text\/(?:html|xml|javascript)|application\/(?:xml|javascript))$|\+xml$/;
const INERT = 'application/octet-stream';
/** RFC 6838 §4.2. A received mail may say anything about its files, and what it says stands in our header. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/** A file that a link leads to. */
interface Downloadable {
  readonly filename: string | null;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
  readonly key: string;
}

/**
 * `GET /downloads/{ticket}`: the bytes, to whoever has the link. Checked while they pass: a damaged file ends before it is
 * complete.
 *
 * @throws StoreUnavailable
 */
export async function download(ticket: string, parts: Parts, now: number): Promise<Outgoing> {
  const claims = await parts.tickets.download.read(ticket, now);
  const target = claims === null ? null : readDownload(claims);
  if (target === null) return { refusal: linkRefused() };
  const file = await fileOf(target, parts);
  const object = file === null ? null : await parts.objects.get(file.key);
  if (file === null || object === null) {
    return { refusal: notFound(target.attachment === null ? 'Email' : 'Attachment') };
  }
  const { filename, contentType, size, sha256 } = file;
  const [type = ''] = contentType.split(';');
  return {
    status: 200,
    bytes: streamOf(verified(object.body, { size, sha256 }, parts.hasher())),
    headers: {
      'content-type': ACTIVE.test(type) || !MEDIA_TYPE.test(type.trim()) ? INERT : contentType,
      'content-length': String(size),
      'content-disposition': downloadDisposition(filename),
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'private, no-store',
    },
  };
}

async function fileOf(target: DownloadTarget, parts: Parts): Promise<Downloadable | null> {
  const room = await parts.account(target.account);
  if (room === null) return null;
  const { email: id, attachment: attachmentId } = target;
  if (attachmentId === null) return rawOf(await room.receivedEmail({ id }));
  return target.kind === 'email'
    ? await room.attachment({ id, attachmentId })
    : await room.receivedAttachment({ id, attachmentId });
}

/** The mail as it came, under a name that mail programs open. */
function rawOf(mail: ReceivedDetail | null): Downloadable | null {
  if (mail === null) return null;
  const { id, rawSize: size, rawSha256: sha256, rawKey: key } = mail;
  return { filename: `${id}.eml`, contentType: RAW_MEDIA_TYPE, size, sha256, key };
}
