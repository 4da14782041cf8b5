import type * as z from 'zod';
import { addressTexts } from '../../schemas/address.ts';
import type { SendEmail } from '../../schemas/email.ts';
import type { Refusal } from '../../schemas/error.ts';
import { readSend } from '../../schemas/read-send.ts';
import { invalidAddress, invalidField } from '../../schemas/refusal.ts';
import type { Content, GivenMailbox, NewEmail } from '../mailroom/records.ts';
import { type ParsedMailbox, parseAddress } from '../mime/address.ts';
import { readHeaderFields } from '../mime/header-fields.ts';
import { textFromHtml } from '../mime/plain-text.ts';
import { objectKey } from '../objects/key.ts';
import { hex, sha256Hex } from './digest.ts';
import type { NewObject } from './gate.ts';
import type { Parts } from './parts.ts';
import { MAX_AHEAD_MS, readSchedule } from './schedule.ts';
import { simulatedSenderRefusal, simulationOf } from './simulated.ts';

/** Larger bodies are objects: a row holds 2 MB at most, and a call between rooms far away is limited too. */
const INLINE_BYTES = 256 * 1024;
const BOUNDARY_BYTES = 16;
const MESSAGE_ID_BYTES = 16;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Body {
  readonly html: string | null;
  readonly text: string | null;
}

/** One mail, ready to be accepted: the record, the objects it needs, and its body for a dry run. */
export interface Draft {
  readonly email: NewEmail;
  readonly objects: readonly NewObject[];
  readonly content: Body | { readonly raw: Uint8Array<ArrayBuffer> };
  readonly dryRun: boolean;
}

export type DraftOrRefusal =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly dryRun: boolean };

/** Switches that came as headers. */
export interface Switches {
  readonly dryRun: boolean;
  readonly tls: 'enforced' | null;
}

export interface DraftCall {
  /** The item of the body, tolerated, not validated. */
  readonly body: unknown;
  readonly switches: Switches;
  readonly account: string;
  readonly now: number;
  readonly parts: Pick<Parts, 'newId' | 'randomBytes' | 'settings'>;
}

/** Validates one mail in the contract's order and fixes its identity: id, Message-ID, boundary. */
export async function draftEmail(call: DraftCall): Promise<DraftOrRefusal> {
  const dryRun = call.switches.dryRun || asksDryRun(call.body);
  const judges = { address: judgeAddress, scheduledAt: judgeMoment(call.now), headers: judgeHeaders };
  const read = readSend({ body: call.body, judges });
  if (!read.ok) return { kind: 'refused', refusal: read.refusal, dryRun };
  const built = await buildEmail(read.email, call);
  if ('refusal' in built) return { kind: 'refused', refusal: built.refusal, dryRun };
  return { kind: 'draft', draft: { ...built, dryRun } };
}

function asksDryRun(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'dry_run' in body && body.dry_run === true;
}

function judgeAddress(text: string, field: string): Refusal | null {
  return parseAddress(text).ok ? null : invalidAddress(field);
}

function judgeHeaders(headers: Readonly<Record<string, string>>, hasReplyTo: boolean) {
  const fields = readHeaderFields({ headers: Object.entries(headers), hasReplyTo });
  return fields.ok ? null : fields.refusal;
}

/** Whether a text is a moment that mail can be put off to. */
export function judgeMoment(now: number) {
  return (text: string, field: string): Refusal | null => {
    const { kind } = readSchedule(text, now);
    switch (kind) {
      case 'at':
        return null;
      case 'too_far':
        return invalidField(field, `It must not be more than ${MAX_AHEAD_MS / DAY_MS} days ahead.`);
      case 'unreadable':
        return invalidField(
          field,
          'A time in ISO 8601 or in English, such as `in 1 hour` or `tomorrow at 9am`, is expected.',
        );
    }
  };
}

async function buildEmail(
  send: z.output<typeof SendEmail>,
  { account, now, parts, switches }: DraftCall,
): Promise<Omit<Draft, 'dryRun'> | { readonly refusal: Refusal }> {
  const { settings } = parts;
  const [from] = mailboxesOf(send, 'from');
  if (from === undefined) throw new Error('A mail that was read has no sender');
  const givenReplyTo = mailboxesOf(send, 'reply_to');
  const fields = readHeaderFields({
    headers: Object.entries(send.headers ?? {}),
    hasReplyTo: givenReplyTo.length > 0,
  });
  if (!fields.ok) throw new Error('Headers that were judged are refused');
  const [to, cc, bcc] = [mailboxesOf(send, 'to'), mailboxesOf(send, 'cc'), mailboxesOf(send, 'bcc')];
  const replyTo = fields.replyTo === null ? givenReplyTo : [fields.replyTo];
  const content = bodyOf(send);
  const stored = await storedContent(content, account);
  const email: NewEmail = {
    ...identity(parts, from.domain),
    ...(fields.messageId !== null && { messageId: fields.messageId }),
    from: recorded(from),
    sender: from.address,
    fromDomain: from.domain,
    to: to.map(recorded),
    cc: recordedOrNull(cc),
    bcc: recordedOrNull(bcc),
    replyTo: recordedOrNull(replyTo),
    subject: send.subject,
    headers: fields.headers,
    tags: send.tags === undefined || send.tags.length === 0 ? null : send.tags,
    scheduledAt: scheduledAt(send.scheduled_at, now),
    tls: send.tls ?? switches.tls,
    content: stored.content,
    envelope: envelopeOf([...to, ...cc, ...bcc], settings),
    objects: stored.objects.map(({ key }) => key),
  };
  const refusal = simulatedSenderRefusal(email, settings);
  return refusal === null ? { email, objects: stored.objects, content } : { refusal };
}

function mailboxesOf(
  send: z.output<typeof SendEmail>,
  field: 'from' | 'to' | 'cc' | 'bcc' | 'reply_to',
): readonly ParsedMailbox[] {
  return addressTexts(send, field).flatMap(({ text }) => {
    const reading = parseAddress(text);
    return reading.ok ? [reading.mailbox] : [];
  });
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
  return {
    id: newId(),
    messageId: `<${hex(randomBytes(MESSAGE_ID_BYTES))}@${domain}>`,
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

/** A past moment means now, and now is no schedule. */
export function scheduledAt(text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const schedule = readSchedule(text, now);
  return schedule.kind === 'at' && schedule.at > now ? schedule.at : null;
}

/** An empty string beside the other part means that there is no such part; an absent text is made from the HTML. */
function bodyOf({ html, text }: z.output<typeof SendEmail>): Body {
  const shown = html === undefined || html === '' ? null : html;
  const given = text === undefined && shown !== null ? textFromHtml(shown) : (text ?? '');
  return { html: shown, text: given === '' ? null : given };
}

async function storedContent(
  { html, text }: Body,
  account: string,
): Promise<{ readonly content: Content; readonly objects: readonly NewObject[] }> {
  const inline: Content = { kind: 'inline', html, text };
  // A UTF-16 unit is three bytes at most: most bodies need not be encoded to know that they are small.
  if (((html?.length ?? 0) + (text?.length ?? 0)) * 3 <= INLINE_BYTES)
    return { content: inline, objects: [] };
  const bytes = new TextEncoder().encode(JSON.stringify({ html, text }));
  if (bytes.length <= INLINE_BYTES) return { content: inline, objects: [] };
  const key = objectKey({ account, id: await sha256Hex(bytes) });
  return { content: { kind: 'object', key }, objects: [{ key, bytes, contentType: 'application/json' }] };
}
