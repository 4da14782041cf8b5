import type * as z from 'zod';
import type { Refusal } from '../../schemas/error.ts';
import type { InboundQuery } from '../../schemas/inbound.ts';
import { OPERATIONS } from '../../schemas/operations.ts';
import {
  invalidAddress,
  invalidField,
  invalidParameter,
  messageTooLarge,
  missingField,
  unproved,
} from '../../schemas/refusal.ts';
import type { Received } from '../inbound/receive.ts';
import { parseAddrSpec } from '../mime/address.ts';
import type { Outgoing } from './answer.ts';
import { readInboundUrl } from './inbound-url.ts';
import { MailBody } from './mail-body.ts';
import { bytesText } from './message-limit.ts';
import type { Parts } from './parts.ts';
import { type Reading, readParameters } from './request.ts';
import { piecesOf } from './stream.ts';

type Query = z.output<typeof InboundQuery>;

/** RFC 5321 §4.5.3.1.3: a path, with room for what is no address of ours to judge. */
const MAX_SENDER = 320;

interface Envelope {
  /** `''` for the null sender, null when it is not told. */
  readonly from: string | null;
  readonly to: readonly string[];
}

/** `POST /inbound/mime`: the body is the mail. It goes into the funnel as it comes, and is never held here. */
export async function receiveMime(
  query: Query,
  {
    request,
    account,
    parts,
    fixedTo,
  }: {
    readonly request: Request;
    readonly account: string;
    readonly parts: Parts;
    /** The recipient of a signed URL, whatever the query says; null: the query counts. */
    readonly fixedTo: string | null;
  },
): Promise<Outgoing> {
  const envelope = readEnvelope(query, fixedTo);
  if (!envelope.ok) return envelope;
  const refusal = headersRefusal(request.headers, parts.settings.inboundMaxBytes);
  if (refusal !== null) return { refusal };
  const body = new MailBody(request.body);
  if (!(await body.hasBytes())) return { refusal: body.isBroken ? brokeOff() : missingField('body') };
  try {
    const received = await parts.receive({
      account,
      source: 'http',
      envelopeFrom: envelope.value.from,
      envelopeTo: envelope.value.to,
      peer: null,
      deliveryId: null,
      raw: body.pieces(),
    });
    return answerOf(received, parts);
  } catch (cause) {
    if (body.isBroken) return { refusal: brokeOff() };
    throw cause;
  } finally {
    await body.leave();
  }
}

/** `POST /inbound/{source}/{ticket}`: the URL proves who may hand in, and for whom. */
export async function receiveByUrl(
  { source = '', ticket = '' }: Readonly<Record<string, string>>,
  {
    request,
    url,
    parts,
    now,
  }: { readonly request: Request; readonly url: URL; readonly parts: Parts; readonly now: number },
): Promise<Outgoing> {
  const claims = await readInboundUrl({ source, ticket }, { tickets: parts.tickets.inbound, now });
  if (claims === null) return { refusal: unproved() };
  const { account, to } = claims;
  // The account may have been taken away since.
  if ((await parts.account(account)) === null) return { refusal: unproved() };
  if (claims.source !== 'mime') {
    const encoding = encodingRefusal(request.headers);
    if (encoding !== null) return { refusal: encoding };
    const contentType = request.headers.get('content-type');
    const body = piecesOf(request.body ?? new Blob([]).stream());
    return await parts.receiveHook({ source: claims.source, account, to, contentType, body, now });
  }
  const read = readParameters(OPERATIONS.receiveByUrl, { source, ticket }, url.searchParams);
  if (!read.ok) return read;
  return await receiveMime(read.value.query as Query, { request, account, parts, fixedTo: to });
}

function readEnvelope(query: Query, fixedTo: string | null): Reading<Envelope> {
  const from = readSender(query.from);
  if (!from.ok) return from;
  if (fixedTo !== null) return { ok: true, value: { from: from.value, to: [fixedTo] } };
  const given = query.to ?? [];
  if (given.length === 0) return { ok: false, refusal: missingField('to') };
  // One that nobody could write to takes nothing from the others: his server has told him already.
  const good = given.flatMap((text) => {
    const reading = parseAddrSpec(bare(text));
    return reading.ok ? [reading.mailbox.address] : [];
  });
  if (good.length === 0) {
    const field = given.length === 1 ? 'to' : 'to[0]';
    return { ok: false, refusal: { ...invalidAddress(field), code: 'invalid_parameter' } };
  }
  return { ok: true, value: { from: from.value, to: [...new Set(good)] } };
}

/** A stranger's sender may be written as we would refuse to write it; his mail is mail all the same. */
function readSender(given: string | undefined): Reading<string | null> {
  if (given === undefined) return { ok: true, value: null };
  const text = bare(given);
  const reading = parseAddrSpec(text);
  if (reading.ok) return { ok: true, value: reading.mailbox.address };
  if (text === '' || (text.length <= MAX_SENDER && /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(text)))
    return { ok: true, value: text };
  return { ok: false, refusal: invalidParameter('from', 'An address is expected.') };
}

/** As SMTP writes a path: with angle brackets. */
function bare(given: string): string {
  const text = given.trim();
  return text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text;
}

function headersRefusal(headers: Headers, limit: number): Refusal | null {
  const declared = headers.get('content-length');
  if (declared !== null && Number(declared) > limit) return messageTooLarge(bytesText(limit));
  return encodingRefusal(headers);
}

/** What is stored is what came: nothing is inflated, and a kilobyte of gzip is a gigabyte of zeros. */
function encodingRefusal(headers: Headers): Refusal | null {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  return encoding === 'identity'
    ? null
    : invalidField('content-encoding', 'The bytes must come as they are.');
}

function brokeOff(): Refusal {
  return invalidField('body', 'It ended before it was complete.');
}

function answerOf(received: Received, { settings }: Parts): Outgoing {
  switch (received.kind) {
    case 'kept':
      return { status: 200, body: { object: 'email', id: received.id, duplicate: received.duplicate } };
    // Done with: whoever handed it in must not come again, and there is no mail to name.
    case 'dropped':
      return { status: 200, body: { object: 'email', id: null, duplicate: false } };
    case 'unavailable':
      return { refusal: received.refusal };
    case 'refused':
      return { refusal: refusalOf(received, settings) };
  }
}

function refusalOf(
  { reason, message }: Extract<Received, { kind: 'refused' }>,
  { inboundMaxBytes }: Parts['settings'],
): Refusal {
  switch (reason) {
    case 'domain':
    case 'route':
      return { code: 'mail_refused', message };
    case 'size':
      return messageTooLarge(bytesText(inboundMaxBytes));
    case 'address':
      return invalidParameter('to', message);
  }
}
