import type * as z from 'zod';
import { addressTexts, MAX_RECIPIENTS } from '../../schemas/address.ts';
import type { Refusal } from '../../schemas/error.ts';
import { bodyRefusal } from '../../schemas/first-refusal.ts';
import { OPERATIONS } from '../../schemas/operations.ts';
import { RAW_MEDIA_TYPE, SendRaw } from '../../schemas/raw.ts';
import { invalidAddress, invalidField, missingField } from '../../schemas/refusal.ts';
import { tolerate } from '../../schemas/tolerance.ts';
import type { NewEmail } from '../mailroom/records.ts';
import { type ParsedMailbox, parseAddress } from '../mime/address.ts';
import { type RawMail, readRaw } from '../mime/raw.ts';
import { objectKey } from '../objects/key.ts';
import { decodeBase64 } from './base64.ts';
import { sha256Hex } from './digest.ts';
import type { DraftOrRefusal } from './draft.ts';
import { messageLimit, overLimit } from './message-limit.ts';
import { envelopeOf, identity, recorded, recordedOrNull } from './new-email.ts';
import { noObject, type SendEndpoint, type SendRequest } from './plan.ts';
import type { Reading } from './request.ts';
import { simulatedSenderRefusal } from './simulated.ts';

/** A message that its caller composed, and the envelope where he gave one. */
interface RawRequest {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly sender: ParsedMailbox | null;
  readonly recipients: readonly ParsedMailbox[] | null;
  readonly dryRun: boolean;
  readonly tls: 'enforced' | null;
}

/** `POST /emails/raw`: JSON with base64, or the message itself. */
export const sendRaw: SendEndpoint = {
  operation: OPERATIONS.sendRaw,
  wrongType: noObject,
  async plan(request) {
    const { body } = request;
    const item = await draftRaw(request, body instanceof Uint8Array ? body : tolerate('sendRaw', body));
    return { ok: true, value: { mode: 'single', items: [item] } };
  },
};

async function draftRaw(request: SendRequest, body: unknown): Promise<DraftOrRefusal> {
  const read = body instanceof Uint8Array ? readBytes(request) : readFields(request, body);
  if (!read.ok) return { kind: 'refused', refusal: read.refusal, dryRun: asksDryRun(request, body) };
  const { dryRun, bytes, recipients } = read.value;
  const refused = (refusal: Refusal): DraftOrRefusal => ({ kind: 'refused', refusal, dryRun });
  const limit = messageLimit(request.parts);
  if (bytes.length > limit) return refused(overLimit(limit, 'raw'));
  const reading = readMail({ bytes, date: request.now, hasRecipients: recipients !== null }, request.parts);
  if (!reading.ok) return refused(invalidField('raw', reading.rule));
  const { mail } = reading;
  const sha256 = await sha256Hex(mail.bytes);
  const email = emailOf(mail, sha256, read.value, request);
  const refusal =
    recipientsRefusal(email, mail, read.value) ?? simulatedSenderRefusal(email, request.parts.settings);
  if (refusal !== null) return refused(refusal);
  const objects = [{ sha256, bytes: mail.bytes, contentType: RAW_MEDIA_TYPE }];
  const claims = mail.senderDomains.filter((domain) => domain !== mail.from.domain);
  return {
    kind: 'draft',
    draft: { email, files: [], objects, content: { raw: mail.bytes }, claims, dryRun },
  };
}

/** A message without a Message-ID gets one of its sender's domain, which is known only when it has been read. */
function readMail(
  call: Omit<Parameters<typeof readRaw>[0], 'messageId'>,
  parts: SendRequest['parts'],
): ReturnType<typeof readRaw> {
  const provisional = identity(parts, 'localhost.localdomain').messageId;
  const reading = readRaw({ ...call, messageId: provisional });
  if (!reading.ok || reading.mail.messageId !== provisional) return reading;
  return readRaw({ ...call, messageId: identity(parts, reading.mail.from.domain).messageId });
}

function asksDryRun({ switches }: SendRequest, body: unknown): boolean {
  const inBody = typeof body === 'object' && body !== null && 'dry_run' in body && body.dry_run === true;
  return switches.dryRun || inBody;
}

function readBytes({ body, switches }: SendRequest): Reading<RawRequest> {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  if (bytes.length === 0) return { ok: false, refusal: missingField('raw') };
  return { ok: true, value: { bytes, sender: null, recipients: null, ...switches } };
}

function readFields({ switches }: SendRequest, body: unknown): Reading<RawRequest> {
  const parsed = SendRaw.safeParse(body);
  if (!parsed.success) return { ok: false, refusal: bodyRefusal(parsed.error, body) };
  const { data } = parsed;
  const from = mailboxesIn(data, 'from');
  if (!from.ok) return from;
  const to = mailboxesIn(data, 'to');
  if (!to.ok) return to;
  const bytes = decodeBase64(data.raw);
  if (bytes === null || bytes.length === 0) {
    return { ok: false, refusal: invalidField('raw', 'A message in base64 is expected.') };
  }
  return {
    ok: true,
    value: {
      bytes,
      sender: from.value[0] ?? null,
      recipients: data.to === undefined ? null : to.value,
      dryRun: switches.dryRun || data.dry_run === true,
      tls: data.tls ?? switches.tls,
    },
  };
}

function mailboxesIn(data: z.output<typeof SendRaw>, name: 'from' | 'to'): Reading<readonly ParsedMailbox[]> {
  const mailboxes: ParsedMailbox[] = [];
  for (const { field, text } of addressTexts(data, name)) {
    const reading = parseAddress(text);
    if (!reading.ok) return { ok: false, refusal: invalidAddress(field) };
    mailboxes.push(reading.mailbox);
  }
  return { ok: true, value: mailboxes };
}

function emailOf(
  mail: RawMail,
  sha256: string,
  asked: RawRequest,
  { account, parts }: SendRequest,
): NewEmail {
  const key = objectKey({ account, id: sha256 });
  const envelope = asked.recipients ?? [...mail.to, ...mail.cc, ...mail.bcc];
  return {
    ...identity(parts, mail.from.domain),
    messageId: mail.messageId,
    from: recorded(mail.from),
    sender: (asked.sender ?? mail.from).address,
    fromDomain: mail.from.domain,
    to: (mail.to.length > 0 ? mail.to : envelope).map(recorded),
    cc: recordedOrNull(mail.cc),
    // Who is in the envelope alone is nobody's blind copy: the header's own list is what its author meant by it.
    bcc: asked.recipients === null ? recordedOrNull(mail.bcc) : null,
    replyTo: recordedOrNull(mail.replyTo),
    subject: mail.subject,
    headers: [],
    tags: null,
    scheduledAt: null,
    tls: asked.tls,
    content: { kind: 'raw', key, size: mail.bytes.length },
    envelope: envelopeOf(envelope, parts.settings),
    attachments: [],
    objects: [],
  };
}

function recipientsRefusal(email: NewEmail, mail: RawMail, { recipients }: RawRequest): Refusal | null {
  if (email.envelope.length === 0) return missingField('to');
  if (recipients !== null) return null;
  const long = (['to', 'cc', 'bcc'] as const).find((field) => mail[field].length > MAX_RECIPIENTS);
  return long === undefined ? null : invalidField(long, `At most ${MAX_RECIPIENTS} addresses are allowed.`);
}
