import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SMTPServerDataStream } from 'smtp-server';
import { SMTPServer } from 'smtp-server';

/** More than the largest message that can be accepted (40 MiB of attachments in base64, RFC 1870 SIZE). */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Loopback only: this listener takes mail from anyone for anyone. */
const HOST = '127.0.0.1';

const CLOSE_AFTER_MS = 1_000;

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
  await mkdir(parts.folder, { recursive: true });
  const server = new SMTPServer({
    name: 'caught.localhost',
    banner: 'Mailwright keeps what arrives here',
    // TLS and AUTH would need a certificate and an account; nothing but loopback reaches this.
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    size: MAX_MESSAGE_BYTES,
    closeTimeout: CLOSE_AFTER_MS,
    logger: false,
    onData(stream, _session, callback) {
      keep(stream, parts).then(
        () => callback(),
        () => callback(replyError(stream.sizeExceeded ? 552 : 451)),
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
  try {
    await pipeline(stream, createWriteStream(`${path}.part`, { flags: 'wx' }));
    if (stream.sizeExceeded) throw new Error('The message is larger than was announced');
    await rename(`${path}.part`, path);
  } catch (cause) {
    // The rest of the message has to be read, or the dot is never seen and the reply never sent.
    stream.resume();
    await rm(`${path}.part`, { force: true });
    throw cause;
  }
}

function replyError(code: 451 | 552): Error {
  const text = code === 552 ? '5.3.4 Message too large' : '4.3.0 The message could not be kept';
  return Object.assign(new Error(text), { responseCode: code });
}
