import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { SMTPServer } from 'smtp-server';

/** More than the largest message that can be accepted (40 MiB of attachments in base64, RFC 1870 SIZE). */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Loopback only: this listener takes mail from anyone for anyone. */
const HOST = '127.0.0.1';

const CLOSE_AFTER_MS = 1_000;

/** Against whoever else is on this machine and opens connections without end. Our own relay has a handful. */
const MAX_CLIENTS = 50;

/** The messages may be anybody's: only the owner of the folder reads them. */
const OWNER_ONLY = { folder: 0o700, file: 0o600 } as const;

const CR = 0x0d;
const LF = 0x0a;

/** A line that ends in CR or LF alone may be an end of data to whoever reads it next (SMTP smuggling): it is not kept. */
class BareLineEnd extends Error {
  override readonly name = 'BareLineEnd';
}

export interface CatchAll {
  readonly host: string;
  readonly port: number;
  /** Where the messages are kept. */
  readonly folder: string;
  close(): Promise<void>;
}

/**
 * A small SMTP server that keeps each message as a `.eml` file: the relay of a machine that has none. The bytes are those
 * between DATA and the final dot, unchanged. A file appears under its name only when it is whole.
 */
export async function openCatchAll(parts: {
  readonly folder: string;
  readonly clock: () => number;
  readonly newId: () => string;
}): Promise<CatchAll> {
  await mkdir(parts.folder, { recursive: true, mode: OWNER_ONLY.folder });
  const server = new SMTPServer({
    name: 'caught.localhost',
    banner: 'Mailwright keeps what arrives here',
    // TLS and AUTH would need a certificate and an account; nothing but loopback reaches this.
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    size: MAX_MESSAGE_BYTES,
    closeTimeout: CLOSE_AFTER_MS,
    maxClients: MAX_CLIENTS,
    logger: false,
    onMailFrom: (address, session, callback) => callback(pathProblem(address, session, address)),
    onRcptTo: (address, session, callback) =>
      callback(pathProblem(address, session, session.envelope.mailFrom)),
    onData(stream, _session, callback) {
      keep(stream, parts).then(
        () => callback(),
        (cause) => {
          // The rest of the message has to be read, or the dot is never seen and the reply never sent.
          stream.resume();
          callback(refusalOf(cause, stream));
        },
      );
    },
  });
  // Broken connections are the other side's to report: the relay room sees the same break.
  server.on('error', () => {});
  const port = await new Promise<number>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(0, HOST, () => resolve((server.server.address() as AddressInfo).port));
  });
  return {
    host: HOST,
    port,
    folder: parts.folder,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function keep(
  stream: SMTPServerDataStream,
  parts: { readonly folder: string; readonly clock: () => number; readonly newId: () => string },
): Promise<void> {
  const moment = new Date(parts.clock()).toISOString().replace(/[:.]/g, '-');
  const path = join(parts.folder, `${moment}-${parts.newId()}.eml`);
  // Opened before anything can fail: an opening still under way would make the file again after it was removed.
  const file = await open(`${path}.part`, 'wx', OWNER_ONLY.file);
  try {
    await pipeline(stream, withCompleteLineEnds, file.createWriteStream());
    if (stream.sizeExceeded) throw new Error('The message is larger than was announced');
    await rename(`${path}.part`, path);
  } catch (cause) {
    await file.close();
    await rm(`${path}.part`, { force: true });
    throw cause;
  }
}

/** Every LF follows a CR, and every CR is followed by an LF, also across pieces (RFC 5321 §2.3.8). */
async function* withCompleteLineEnds(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let before = 0;
  for await (const piece of pieces) {
    for (const byte of piece) {
      if ((byte === LF) !== (before === CR)) throw new BareLineEnd();
      before = byte;
    }
    yield piece;
  }
}

/** RFC 6531 §3.4: bytes over 0x7F in an address need SMTPUTF8, asked for with MAIL. A host name never has them. */
function pathProblem(
  { address }: SMTPServerAddress,
  { hostNameAppearsAs }: SMTPServerSession,
  mail: SMTPServerAddress | false,
): Error | null {
  const isAsked = mail !== false && mail.args !== false && 'SMTPUTF8' in mail.args;
  const isPlain = isAscii(address) || (isAsked && !address.includes('\ufffd'));
  return isPlain && isAscii(hostNameAppearsAs) ? null : replyError(501, '5.5.2 Bytes over 0x7F');
}

function isAscii(text: string | false): boolean {
  return text === false || /^\p{ASCII}*$/u.test(text);
}

function refusalOf(cause: unknown, stream: SMTPServerDataStream): Error {
  if (cause instanceof BareLineEnd) return replyError(550, '5.6.0 A line ends in CR or LF alone');
  if (stream.sizeExceeded) return replyError(552, '5.3.4 Message too large');
  return replyError(451, '4.3.0 The message could not be kept');
}

function replyError(responseCode: 451 | 501 | 550 | 552, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}
