import type * as z from 'zod';
import type { AddressField } from '../../schemas/address.ts';
import type { SendEmail } from '../../schemas/email.ts';
import type { Refusal } from '../../schemas/error.ts';
import { readSend } from '../../schemas/read-send.ts';
import type { Content, GivenMailbox, NewEmail } from '../mailroom/records.ts';
import type { ParsedMailbox } from '../mime/address.ts';
import { textFromHtml } from '../mime/plain-text.ts';
import { objectKey } from '../objects/key.ts';
import { hex, sha256Hex } from './digest.ts';
import type { Body, Draft, DraftCall, DraftOrRefusal, Waiting } from './draft.ts';
import { draftMessage } from './draft-message.ts';
import { draftFiles } from './files.ts';
import type { NewObject } from './gate.ts';
import { fileLimit, messageLimit, overLimit } from './message-limit.ts';
import { NOTHING_OUTSIDE, type Outside } from './outside.ts';
import type { Parts } from './parts.ts';
import { Readings } from './readings.ts';
import { simulatedSenderRefusal, simulationOf } from './simulated.ts';
import { withUnsubscribe } from './unsubscribe-header.ts';

/** Larger bodies are objects: a row holds 2 MB at most, and a call between rooms far away is limited too. */
const INLINE_BYTES = 256 * 1024;
const BOUNDARY_BYTES = 16;

/** Validates one mail in the contract's order and fixes its identity: id, Message-ID, boundary. */
export async function draftEmail(call: DraftCall): Promise<DraftOrRefusal | Waiting> {
  const dryRun = call.switches.dryRun || asksDryRun(call.body);
  const { now, mailboxes } = call;
  const readings = new Readings({ now, limit: messageLimit(call.parts), mailboxes });
  const read = readSend({ body: call.body, judges: readings });
  if (!read.ok) return { kind: 'refused', refusal: read.refusal, dryRun };
  const sources = readings.files.map(({ source }) => source).filter(({ kind }) => kind !== 'content');
  const finish = async (outside: Outside): Promise<DraftOrRefusal> => {
    const built = await buildEmail(read.email, { readings, outside, call });
    if ('refusal' in built) return { kind: 'refused', refusal: built.refusal, dryRun };
    return { kind: 'draft', draft: { ...built, dryRun } };
  };
  return sources.length === 0 ? await finish(NOTHING_OUTSIDE) : { kind: 'waiting', sources, dryRun, finish };
}

function asksDryRun(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'dry_run' in body && body.dry_run === true;
}

async function buildEmail(
  send: z.output<typeof SendEmail>,
  {
    readings,
    outside,
    call,
  }: { readonly readings: Readings; readonly outside: Outside; readonly call: DraftCall },
): Promise<Omit<Draft, 'dryRun'> | { readonly refusal: Refusal }> {
  const { account, parts, switches } = call;
  const { settings } = parts;
  const files = draftFiles(readings.files, { ...call, outside });
  if (!files.ok) return files;
  const [from] = readings.mailboxes(send, 'from');
  if (from === undefined) throw new Error('A mail that was read has no sender');
  const { headers, messageId, replyTo } = readings.headerFields;
  const mailboxes = (field: AddressField) => readings.mailboxes(send, field);
  const [to, cc, bcc] = [mailboxes('to'), mailboxes('cc'), mailboxes('bcc')];
  const content = bodyOf(send);
  // Nothing is awaited that a small mail need not wait for: a batch holds a hundred.
  const stored = isSurelySmall(content) ? inRow(content) : await storedContent(content, account);
  const envelope = envelopeOf([...to, ...cc, ...bcc], settings);
  const asksLink = send.unsubscribe ?? switches.unsubscribe;
  const fields = asksLink ? await withUnsubscribe({ envelope, headers }, call) : { headers };
  if ('refusal' in fields) return fields;
  const email: NewEmail = {
    ...identity(parts, from.domain),
    ...(messageId !== null && { messageId }),
    from: recorded(from),
    sender: from.address,
    fromDomain: from.domain,
    to: to.map(recorded),
    cc: recordedOrNull(cc),
    bcc: recordedOrNull(bcc),
    replyTo: recordedOrNull(replyTo === null ? mailboxes('reply_to') : [replyTo]),
    subject: send.subject,
    headers: fields.headers,
    tags: send.tags === undefined || send.tags.length === 0 ? null : send.tags,
    scheduledAt: readings.scheduledFor,
    tls: send.tls ?? switches.tls,
    content: stored.content,
    envelope,
    attachments: [],
    objects: [],
  };
  const draft = { email, files: files.value, objects: stored.objects, content, claims: [] };
  const tooLarge = draft.files.length === 0 ? null : await sizeRefusal(draft, call);
  const refusal = tooLarge ?? simulatedSenderRefusal(email, settings);
  return refusal === null ? draft : { refusal };
}

/** Counted on the message as it will be sent, before anything is stored for it. Without files it is far below. */
async function sizeRefusal(
  draft: Pick<Draft, 'email' | 'content' | 'files'>,
  { parts, now }: DraftCall,
): Promise<Refusal | null> {
  const limit = messageLimit(parts);
  const files = draft.files.reduce((sum, { bytes }) => sum + bytes.size, 0);
  const isOver = files > fileLimit(limit) || (await parts.compose(draftMessage(draft, now))).size > limit;
  return isOver ? overLimit(limit, 'attachments') : null;
}

export function recorded({ name, address, given }: ParsedMailbox): GivenMailbox {
  return { name, address, given };
}

export function recordedOrNull(mailboxes: readonly ParsedMailbox[]): readonly GivenMailbox[] | null {
  return mailboxes.length === 0 ? null : mailboxes.map(recorded);
}

/** What makes a mail this mail, drawn once and kept: a retry sends the same bytes. */
export function identity(
  { newId, randomBytes }: Pick<Parts, 'newId' | 'randomBytes'>,
  domain: string,
): Pick<NewEmail, 'id' | 'messageId' | 'boundary'> {
  const id = newId();
  return {
    id,
    // With the mail's own id in it an answer finds its way back without an index (0071).
    messageId: `<${id}@${domain}>`,
    boundary: hex(randomBytes(BOUNDARY_BYTES)),
  };
}

/** Each canonical address once, in the order given: nobody gets a mail twice for standing in two fields. */
export function envelopeOf(
  mailboxes: readonly ParsedMailbox[],
  settings: Parts['settings'],
): NewEmail['envelope'] {
  const addresses = new Set(mailboxes.map(({ address }) => address));
  return [...addresses].map((address) => ({ address, simulation: simulationOf(address, settings) }));
}

/** An empty string beside the other part means that there is no such part; an absent text is made from the HTML. */
function bodyOf({ html, text }: z.output<typeof SendEmail>): Body {
  const shown = html === undefined || html === '' ? null : html;
  const given = text === undefined && shown !== null ? textFromHtml(shown) : (text ?? '');
  return { html: shown, text: given === '' ? null : given };
}

interface StoredContent {
  readonly content: Content;
  readonly objects: readonly NewObject[];
}

/** A UTF-16 unit is three bytes at most: most bodies need not be encoded to know that they are small. */
function isSurelySmall({ html, text }: Body): boolean {
  return ((html?.length ?? 0) + (text?.length ?? 0)) * 3 <= INLINE_BYTES;
}

function inRow({ html, text }: Body): StoredContent {
  return { content: { kind: 'inline', html, text }, objects: [] };
}

async function storedContent({ html, text }: Body, account: string): Promise<StoredContent> {
  const bytes = new TextEncoder().encode(JSON.stringify({ html, text }));
  if (bytes.length <= INLINE_BYTES) return inRow({ html, text });
  const sha256 = await sha256Hex(bytes);
  const key = objectKey({ account, id: sha256 });
  return { content: { kind: 'object', key }, objects: [{ sha256, bytes, contentType: 'application/json' }] };
}
