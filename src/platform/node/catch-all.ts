import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Delivery, JudgeRecipient, Receive, Received } from '../../inbound/receive.ts';
import type { Log } from '../../operator/log.ts';
import { clock as hostClock } from './host.ts';
import { openSmtpListener } from './smtp-listener.ts';

/** More than the largest message that can be accepted (40 MiB of attachments in base64, RFC 1870 SIZE). */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Loopback only: this listener takes mail from anyone for anyone. */
const HOST = '127.0.0.1';

/** Against whoever else is on this machine and opens connections without end. Our own relay has a handful. */
const MAX_CLIENTS = 50;

/** The messages may be anybody's: only the owner of the folder reads them. */
const OWNER_ONLY = { folder: 0o700, file: 0o600 } as const;

export interface CatchAll {
  readonly host: string;
  readonly port: number;
  /** Where the messages are kept. */
  readonly folder: string;
  close(withinMs: number): Promise<void>;
}

/** The way back in: what was sent is received. */
export interface Circle {
  readonly judge: JudgeRecipient;
  readonly receive: Receive;
}

interface Parts {
  readonly folder: string;
  /** Who receives what was sent. */
  readonly account: string;
  readonly clock: () => number;
  readonly newId: () => string;
  /** Asked for each mail, since the relays are opened first. Null: mail is caught and comes back to nobody. */
  readonly circle: () => Circle | null;
  readonly log: Log;
}

/**
 * The relay of a machine that has none: an SMTP listener on loopback that keeps each message as a `.eml` file and lets it
 * come back as received mail. The bytes are those between DATA and the final dot, unchanged. A file appears under its name
 * only when it is whole and when the mail was received too; 250 follows both.
 */
export async function openCatchAll(parts: Parts): Promise<CatchAll> {
  await mkdir(parts.folder, { recursive: true, mode: OWNER_ONLY.folder });
  const { host, port, close } = await openSmtpListener({
    host: HOST,
    port: 0,
    name: 'caught.localhost',
    banner: 'Mailwright keeps what arrives here',
    maxBytes: MAX_MESSAGE_BYTES,
    // TLS would need a certificate; nothing but loopback reaches this.
    certificate: null,
    account: parts.account,
    postmasterDomain: 'caught.localhost',
    judge: (recipient) => judge(recipient, parts.circle()),
    receive: (delivery) => keep(delivery, parts),
    clock: hostClock,
    log: parts.log,
    limits: { clients: MAX_CLIENTS, clientsPerAddress: MAX_CLIENTS },
  });
  return { host, port, folder: parts.folder, close };
}

/** Mail that is received nowhere here is caught all the same; only a route that rejects, rejects. */
async function judge(
  recipient: Parameters<JudgeRecipient>[0],
  circle: Circle | null,
): ReturnType<JudgeRecipient> {
  const verdict = (await circle?.judge(recipient)) ?? null;
  return verdict?.kind === 'refused' && verdict.reason !== 'route' ? null : verdict;
}

async function keep(delivery: Delivery, parts: Parts): Promise<Received> {
  const moment = new Date(parts.clock()).toISOString().replace(/[:.]/g, '-');
  const path = join(parts.folder, `${moment}-${parts.newId()}.eml`);
  // Opened before anything can fail: an opening still under way would make the file again after it was removed.
  const file = await open(`${path}.part`, 'wx', OWNER_ONLY.file);
  let isKept = false;
  try {
    const copy = new Copy(delivery.raw, file);
    const received = await receive({ ...delivery, raw: copy.read() }, parts.circle());
    isKept = received.kind === 'kept' || received.kind === 'dropped';
    if (!isKept) return received;
    await copy.finish();
    await file.close();
    await rename(`${path}.part`, path);
    return received;
  } catch (cause) {
    isKept = false;
    throw cause;
  } finally {
    if (!isKept) {
      await file.close();
      await rm(`${path}.part`, { force: true });
    }
  }
}

/** Those recipients that mail is received for get it; what nobody gets, or is too large to come back, is caught only. */
async function receive(delivery: Delivery, circle: Circle | null): Promise<Received> {
  if (circle === null) return { kind: 'dropped' };
  const { account } = delivery;
  const verdicts = await Promise.all(
    delivery.envelopeTo.map((address) => circle.judge({ account, address })),
  );
  const envelopeTo = delivery.envelopeTo.filter((_, nth) => verdicts[nth] === null);
  if (envelopeTo.length === 0) return { kind: 'dropped' };
  const received = await circle.receive({ ...delivery, envelopeTo });
  return received.kind === 'refused' && received.reason !== 'route' ? { kind: 'dropped' } : received;
}

/** Writes down what is read through it; what the reader leaves, too. */
class Copy {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #file: FileHandle;

  constructor(raw: AsyncIterable<Uint8Array>, file: FileHandle) {
    this.#pieces = raw[Symbol.asyncIterator]();
    this.#file = file;
  }

  /** A reader that stops early leaves the rest where it is. */
  async *read(): AsyncGenerator<Uint8Array> {
    for (let piece = await this.#next(); piece !== null; piece = await this.#next()) yield piece;
  }

  async finish(): Promise<void> {
    while ((await this.#next()) !== null);
  }

  async #next(): Promise<Uint8Array | null> {
    const next = await this.#pieces.next();
    if (next.done === true) return null;
    await this.#file.writeFile(next.value);
    return next.value;
  }
}
