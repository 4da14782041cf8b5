import type * as z from 'zod';
import type { Refusal } from '../../schemas/error.ts';
import { invalidField, linkRefused } from '../../schemas/refusal.ts';
import type { CreateUpload, Upload } from '../../schemas/upload.ts';
import { WrongBytes } from '../objects/store.ts';
import type { Claims } from '../secrets/ticket.ts';
import type { Outgoing } from './answer.ts';
import { filenameRefusal, readType } from './attachments.ts';
import type { Context, KeyedHandlers } from './context.ts';
import { uploadType } from './file-bytes.ts';
import { bytesText, fileLimit, messageLimit } from './message-limit.ts';
import type { Parts } from './parts.ts';
import { time } from './present.ts';
import { randomKey } from './shelf.ts';
import { piecesOf } from './stream.ts';

/** Threats, section 12: as long as a client needs to begin, and no longer. */
const LINK_SECONDS = 15 * 60;
/** How long mails may name an upload. What no mail ever named is swept after that. */
const USABLE_MS = 24 * 60 * 60 * 1000;

type Asked = z.output<typeof CreateUpload>;

/** Files that go into object storage past the JSON body. */
export const uploads: Pick<KeyedHandlers, 'createUpload'> = {
  async createUpload({ body }, context) {
    const refusal = askedRefusal(body, context.parts);
    if (refusal !== null) return { refusal };
    const type = readType(body.content_type, 'content_type');
    if (!type.ok) return type;
    const { parts, account, room, now } = context;
    const upload = {
      id: parts.newId(),
      key: randomKey(account, parts),
      filename: body.filename,
      contentType: type.value,
      size: body.size,
      sha256: body.sha256?.toLowerCase() ?? null,
      expiresAt: now + USABLE_MS,
    };
    const contentType = uploadType(upload);
    const way = await wayOf({ ...upload, contentType }, context);
    await room.createUpload({ upload, now });
    return {
      status: 201,
      body: {
        object: 'upload',
        id: upload.id,
        ...way,
        expires_at: time(now + LINK_SECONDS * 1000),
        usable_until: time(upload.expiresAt),
      },
    };
  },
};

function askedRefusal({ filename, size }: Asked, parts: Parts): Refusal | null {
  const problem = filenameRefusal(filename, 'filename');
  if (problem !== null) return problem;
  const limit = messageLimit(parts);
  if (size <= fileLimit(limit)) return null;
  return invalidField(
    'size',
    `At most ${fileLimit(limit)} bytes fit into a message, which may have ${bytesText(limit)}.`,
  );
}

interface Announced {
  readonly id: string;
  readonly key: string;
  readonly size: number;
  readonly contentType: string;
  readonly sha256: string | null;
}

/** Straight into the store where it takes uploads by itself; elsewhere through us. */
async function wayOf(
  { id, key, size, contentType, sha256 }: Announced,
  { parts, now }: Context,
): Promise<Pick<z.output<typeof Upload>, 'method' | 'upload_url' | 'headers'>> {
  if (parts.objects.presignPut !== undefined) {
    const { method, url, headers } = await parts.objects.presignPut({
      key,
      size,
      contentType,
      expiresInSeconds: LINK_SECONDS,
      ...(sha256 !== null && { sha256 }),
    });
    return { method, upload_url: url, headers: { ...headers } };
  }
  const claims: Claims = { id, key, size, type: contentType, sha256 };
  const ticket = await parts.tickets.upload.issue(claims, now + LINK_SECONDS * 1000);
  return {
    method: 'PUT',
    upload_url: `${parts.settings.publicUrl}/uploads/${ticket}`,
    headers: { 'content-type': contentType },
  };
}

/**
 * `PUT /uploads/{ticket}`: streams the body into the store. What is longer than announced is cut off, what is anything else is
 * not kept.
 *
 * @throws StoreUnavailable
 */
export async function receiveUpload(
  ticket: string,
  request: Request,
  parts: Parts,
  now: number,
): Promise<Outgoing> {
  const announced = announcedIn(await parts.tickets.upload.read(ticket, now));
  if (announced === null) return { refusal: linkRefused() };
  const refusal = headersRefusal(request.headers, announced);
  if (refusal !== null) return { refusal };
  const { id, key, size, contentType, sha256 } = announced;
  let isBroken = false;
  async function* body(): AsyncIterable<Uint8Array> {
    try {
      if (request.body !== null) yield* piecesOf(request.body);
    } catch (cause) {
      isBroken = true;
      throw cause;
    }
  }
  try {
    await parts.objects.put(key, body(), { contentType, size, ...(sha256 !== null && { sha256 }) });
  } catch (cause) {
    if (isBroken || cause instanceof WrongBytes) return { refusal: otherBytes(announced) };
    throw cause;
  }
  return { status: 200, body: { object: 'upload', id } };
}

function announcedIn(claims: Claims | null): Announced | null {
  const { id, key, size, type: contentType, sha256 } = claims ?? {};
  if (typeof id !== 'string' || typeof key !== 'string' || typeof size !== 'number') return null;
  if (typeof contentType !== 'string' || typeof sha256 === 'number') return null;
  return { id, key, size, contentType, sha256: sha256 ?? null };
}

/** What can be said before a byte is read. */
function headersRefusal(headers: Headers, announced: Announced): Refusal | null {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
    return invalidField('content-encoding', 'The bytes must come as they are.');
  }
  if (headers.get('content-type') !== announced.contentType) {
    return invalidField('content-type', `This upload was announced as ${announced.contentType}.`);
  }
  const declared = headers.get('content-length');
  return declared === null || declared === String(announced.size) ? null : otherBytes(announced);
}

function otherBytes({ size, sha256 }: Announced): Refusal {
  const hash = sha256 === null ? '' : ` with the SHA-256 ${sha256}`;
  return invalidField('body', `Exactly the ${size} bytes${hash} that were announced are expected.`);
}
