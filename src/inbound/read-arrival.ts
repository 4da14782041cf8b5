import type { Host } from '../due/host.ts';
import type { ArrivalClaim, ReadMail, SettleArrivalCall } from '../mailroom/arrival-records.ts';
import { MAX_TRIES } from '../mailroom/reading-tries.ts';
import type { ReceivedAttachmentRecord, ReceivedText } from '../mailroom/received-records.ts';
import type { NewEmail } from '../mailroom/records.ts';
import { suppressionKey } from '../mime/address.ts';
import { forwardForbidden, LOOP_HEADER } from '../mime/loop.ts';
import { parseMail } from '../mime/parse-mail.ts';
import type { ParsedAttachment, ParsedField, ParsedMail } from '../mime/parsed.ts';
import { readReport } from '../mime/report.ts';
import type { Report } from '../mime/report-shape.ts';
import type { ReturnPathReading, ReturnPaths } from '../mime/return-path.ts';
import type { ObjectStore } from '../objects/store.ts';
import { StoreUnavailable, WrongBytes } from '../objects/store.ts';
import { verified } from '../objects/verified.ts';
import type { Tickets } from '../secrets/ticket.ts';
import { authenticationTold } from './authentication-results.ts';
import { bodyForCalls } from './body-for-calls.ts';
import { forwarded } from './forward.ts';
import { HeaderTaker } from './header-taker.ts';
import { type KeptFile, keep, keepFiles } from './keep-files.ts';
import { headOf } from './received-head.ts';
import { strippedText } from './stripped-text.ts';

/** The reader needs a few seconds of a processor at most; the rest is for a store that is slow, and for others who go first. What was read by then is the answer. */
const PARSE_WITHIN_MS = 60_000;
/** Larger texts are objects: a row holds at most 2 MB. */
const INLINE_BYTES = 256 * 1024;
const BOUNDARY_BYTES = 16;

export interface ReadParts {
  readonly objects: ObjectStore;
  readonly host: Pick<Host, 'now' | 'after' | 'hasher'>;
  /** A fresh UUID, version 7. */
  readonly newId: () => string;
  readonly randomBytes: (length: number) => Uint8Array;
  /** With RETURN_PATH_DOMAIN. */
  readonly returnPaths: Pick<ReturnPaths, 'read'> | null;
  readonly loopToken: (account: string) => Promise<string>;
  /** Signs links to files. */
  readonly tickets: Tickets;
  readonly settings: ReadSettings;
}

export interface ReadSettings {
  readonly publicUrl: string;
  /** DOMAINS; null: any sender is accepted. */
  readonly domains: readonly string[] | null;
  /** Canonical. */
  readonly forwardTo: readonly string[];
  /** TRUSTED_AUTHSERV_IDS, in lower case. */
  readonly trustedServers: readonly string[];
}

export interface ArrivalCall {
  readonly account: string;
  readonly claim: ArrivalClaim;
}

export type Outcome = SettleArrivalCall['outcome'];

/** The bytes of the mail itself, and nothing that would be written. */
class RawUnreadable extends StoreUnavailable {}

/** Reads one mail and says what came of it; writes nothing but objects. Never throws. */
export async function readArrival(call: ArrivalCall, parts: ReadParts): Promise<Outcome> {
  try {
    return await read(call, parts);
  } catch (cause) {
    // Another day, the store is there again; but other bytes than those that were put stay other bytes.
    if (cause instanceof RawUnreadable) return { kind: 'withdrawn', isUnreadable: true };
    if (cause instanceof StoreUnavailable) return { kind: 'withdrawn' };
    const reason = cause instanceof WrongBytes ? 'raw_changed' : String(cause);
    return { kind: 'failed', cause: reason };
  }
}

async function read({ account, claim }: ArrivalCall, parts: ReadParts): Promise<Outcome> {
  const { objects, host, newId, settings } = parts;
  const raw = await rawOf(claim.rawKey, objects);
  if (raw === null) return { kind: 'failed', cause: 'raw_missing' };
  const deadline = new AbortController();
  const stopWatch = host.after(PARSE_WITHIN_MS, () => deadline.abort());
  const { rawSize: size, rawSha256: sha256 } = claim;
  const { sink, finished } = keepFiles({ account, objects, hasher: host.hasher, newId });
  const isLast = claim.attempt > MAX_TRIES;
  const source = isLast ? headerOf(raw) : verified(raw, { size, sha256 }, host.hasher());
  const whole = await parseMail({ source, sink, signal: deadline.signal }).finally(stopWatch);
  await finished();
  const parsed = isLast ? { ...whole, ...UNREAD } : whole;
  const report: Report = isLast
    ? { kind: 'not_a_report' }
    : readReport({ mail: parsed, envelopeFrom: claim.envelopeFrom });
  const { text, html, auto } = parsed;
  const mail: ReadMail = {
    parse: parsed.parse,
    head: headOf(parsed, claim.id),
    content: await storedText({ text, html }, account, parts),
    attachments: parsed.attachments.map((file) => attachmentOf(file, newId())),
    strippedText: text === null ? null : strippedText(text),
    authentication: authenticationTold(parsed.fields, settings.trustedServers),
    auto: { ...auto, bounce: auto.bounce || claim.envelopeFrom === '' },
    report,
    token: await tokenOf({ account, claim, report }, parts.returnPaths),
  };
  return {
    kind: 'read',
    mail,
    forwards: await forwardsOf({ account, claim, mail, fields: parsed.fields }, parts),
    body: claim.wantsBody
      ? await bodyForCalls(
          { account, id: claim.id, mail, body: { text, html } },
          { tickets: parts.tickets, publicUrl: settings.publicUrl, now: host.now() },
        )
      : null,
  };
}

/** @throws RawUnreadable, also while it is read */
async function rawOf(key: string, objects: ObjectStore): Promise<AsyncIterable<Uint8Array> | null> {
  try {
    const found = await objects.get(key);
    return found === null ? null : told(found.body);
  } catch (cause) {
    throw unreadable(cause);
  }
}

async function* told(raw: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* raw;
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): unknown {
  return cause instanceof StoreUnavailable ? new RawUnreadable(cause.message, { cause }) : cause;
}

/** Of a mail whose readers came to nothing twice. */
const UNREAD = { parse: 'limited', text: null, html: null, attachments: [] } as const;

async function* headerOf(raw: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const header = new HeaderTaker();
  for await (const piece of raw) {
    header.take(piece);
    if (header.isOver) break;
  }
  yield header.bytes();
}

function attachmentOf(file: ParsedAttachment<KeptFile>, id: string): ReceivedAttachmentRecord {
  const { filename, contentType, contentId, disposition, size, kept } = file;
  return { id, filename, contentType, contentId, disposition, size, ...kept };
}

/** @throws StoreUnavailable */
async function storedText(
  body: Pick<ParsedMail<unknown>, 'text' | 'html'>,
  account: string,
  { objects, host }: ReadParts,
): Promise<ReceivedText> {
  const { text, html } = body;
  const inline: ReceivedText = { kind: 'inline', html, text };
  // A UTF-16 unit is three bytes at most: most texts need not be encoded to know that they are small.
  if (((html?.length ?? 0) + (text?.length ?? 0)) * 3 <= INLINE_BYTES) return inline;
  const bytes = new TextEncoder().encode(JSON.stringify({ html, text }));
  if (bytes.length <= INLINE_BYTES) return inline;
  const { key } = await keep(bytes, { account, objects, hasher: host.hasher }, 'application/json');
  return { kind: 'object', key };
}

/**
 * Our return path: what the mail came to, else what a report quotes of the mail of ours that it is about. Of this account
 * alone: another's says nothing here.
 */
async function tokenOf(
  { account, claim, report }: ArrivalCall & { readonly report: Report },
  returnPaths: ReadParts['returnPaths'],
): Promise<ReturnPathReading | null> {
  if (returnPaths === null) return null;
  for (const address of [...claim.envelopeTo, ...quotedPaths(report)]) {
    const reading = await returnPaths.read(address);
    if (reading !== null && reading.account === account) return reading;
  }
  return null;
}

function quotedPaths(report: Report): readonly string[] {
  if (!('original' in report)) return [];
  const quoted = report.original.fields.flatMap(({ name, value }) => (name === 'return-path' ? [value] : []));
  const told = report.kind === 'complaint' && report.mailFrom !== null ? [report.mailFrom] : [];
  return [...quoted, ...told].map((path) => path.trim().replace(/^<|>$/g, ''));
}

/** To addresses of FORWARD_TO alone: the setting may have been narrowed since the route was made. */
async function forwardsOf(
  {
    account,
    claim,
    mail,
    fields,
  }: ArrivalCall & { readonly mail: ReadMail; readonly fields: readonly ParsedField[] },
  { loopToken, newId, randomBytes, settings }: ReadParts,
): Promise<readonly NewEmail[]> {
  const known = new Set(settings.forwardTo.map(suppressionKey));
  const allowed = claim.forwardTo.filter((to) => known.has(suppressionKey(to)));
  if (allowed.length === 0) return [];
  const token = await loopToken(account);
  if (forwardForbidden({ fields, token }) !== null) return [];
  const hops = fields.flatMap(({ name, value }) => (name === LOOP_HEADER.toLowerCase() ? [value] : []));
  return allowed.map((to) =>
    forwarded({
      ...{ claim, mail, to, hops, token, newId },
      domains: settings.domains,
      boundary: hex(randomBytes(BOUNDARY_BYTES)),
    }),
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
