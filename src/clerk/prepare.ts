import type { EmailRecord } from '../mailroom/records.ts';
import type { Compose, Composed, Message, MessageAttachment } from '../mime/message.ts';
import type { Hasher } from '../objects/hasher.ts';
import type { ObjectStore } from '../objects/store.ts';
import { StoreUnavailable, WrongBytes } from '../objects/store.ts';
import { verified } from '../objects/verified.ts';
import { filesOf } from './files.ts';
import { scanRaw } from './raw-scan.ts';
import { readWhole } from './read-whole.ts';

/** A message ready for the wire, or why there is none. */
export type Prepared =
  | { readonly kind: 'ready'; readonly composed: Composed }
  /** Ours and final: `content_missing`, `content_changed`. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The store is down: nobody's attempt. */
  | { readonly kind: 'unavailable'; readonly cause: string };

/** Version of bytes that no composer made: they are stored as they are sent. */
const RAW_VERSION = 0;

export interface PrepareParts {
  readonly objects: ObjectStore;
  readonly compose: Compose;
  readonly hasher: () => Hasher;
}

/**
 * Makes the message's bytes, the same as at every attempt before. A row whose object is gone, or whose bytes are not those
 * of the first attempt, fails visibly: sending something else under the same Message-ID would be worse than not sending.
 * Files are read only while the message is; until then nobody knows its digest, and whoever sends it compares.
 */
export async function prepare(email: EmailRecord, parts: PrepareParts): Promise<Prepared> {
  try {
    const prepared =
      email.content.kind === 'raw'
        ? await rawMessage(email.content, parts)
        : await composedMessage(email, email.content, parts);
    if (prepared.kind !== 'ready' || email.composed === null) return prepared;
    const { sha256, size } = email.composed;
    const { composed } = prepared;
    const isSame = composed.size === size && (composed.sha256 === null || composed.sha256 === sha256);
    return isSame ? prepared : { kind: 'failed', reason: 'content_changed' };
  } catch (cause) {
    if (cause instanceof WrongBytes) return { kind: 'failed', reason: 'content_changed' };
    if (cause instanceof StoreUnavailable)
      return { kind: 'unavailable', cause: 'object storage is unavailable' };
    throw cause;
  }
}

async function composedMessage(
  email: EmailRecord,
  content: Exclude<EmailRecord['content'], { kind: 'raw' }>,
  parts: PrepareParts,
): Promise<Prepared> {
  const body = content.kind === 'inline' ? content : await storedBody(content.key, parts);
  if (body === null) return { kind: 'failed', reason: 'content_missing' };
  const files = await filesOf(email.attachments, parts);
  if (files === null) return { kind: 'failed', reason: 'content_missing' };
  return { kind: 'ready', composed: await parts.compose(messageOf(email, body, files)) };
}

/** Bcc has no place in a message, so it is not among what is copied. */
export function messageOf(
  email: EmailRecord,
  body: { readonly html: string | null; readonly text: string | null },
  attachments: readonly MessageAttachment[],
): Message {
  return {
    messageId: email.messageId,
    date: email.date,
    boundary: email.boundary,
    from: { name: email.from.name, address: email.from.address },
    to: email.to.map(({ name, address }) => ({ name, address })),
    cc: (email.cc ?? []).map(({ name, address }) => ({ name, address })),
    replyTo: (email.replyTo ?? []).map(({ name, address }) => ({ name, address })),
    subject: email.subject,
    headers: email.headers,
    html: body.html,
    text: body.text,
    attachments,
  };
}

/** The JSON `{html,text}` of a large body; null when it is not there. Throws WrongBytes when it is not what was put. */
async function storedBody(
  key: string,
  parts: PrepareParts,
): Promise<{ readonly html: string | null; readonly text: string | null } | null> {
  const found = await parts.objects.get(key);
  if (found === null) return null;
  const bytes = await readWhole(verified(found.body, found.meta, parts.hasher()));
  const body = JSON.parse(new TextDecoder().decode(bytes)) as {
    readonly html?: unknown;
    readonly text?: unknown;
  };
  const { html, text } = body;
  return { html: typeof html === 'string' ? html : null, text: typeof text === 'string' ? text : null };
}

/**
 * Read through once before anything is sent, so that a flipped bit is found while it is still only ours, and once more
 * while it is sent: a raw message may be too large to be kept in between.
 */
async function rawMessage(
  content: { readonly key: string; readonly size: number },
  { objects, hasher }: PrepareParts,
): Promise<Prepared> {
  const found = await objects.get(content.key);
  if (found === null) return { kind: 'failed', reason: 'content_missing' };
  const { meta } = found;
  if (meta.size !== content.size) return { kind: 'failed', reason: 'content_changed' };
  const needs = await scanRaw(verified(found.body, meta, hasher()));
  return {
    kind: 'ready',
    composed: {
      version: RAW_VERSION,
      size: meta.size,
      sha256: meta.sha256,
      ...needs,
      async *open() {
        const again = await objects.get(content.key);
        if (again === null) throw new StoreUnavailable('The object went away while it was being sent');
        yield* verified(again.body, meta, hasher());
      },
    },
  };
}
