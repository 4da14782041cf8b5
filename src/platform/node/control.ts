import { existsSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';

/** Requests and answers are one line; whoever sends more is not one of our tools. */
const MAX_LINE_CHARACTERS = 64 * 1024;

/** A probe of a relay that hangs takes this long at most, and a little more. */
const ANSWER_WITHIN_MS = 150_000;

const ControlRequest = z.strictObject({
  verb: z.enum(['list-relays', 'resume-relay', 'create-account']),
  name: z.string().max(64).default(''),
});
export type ControlRequest = z.input<typeof ControlRequest>;

/** What a tool prints: lines for people, and whether it worked. */
export interface ControlAnswer {
  readonly ok: boolean;
  readonly text: string;
}

export interface Control {
  close(): void;
}

const socketPath = (dataDir: string): string => join(dataDir, 'control.sock');

/**
 * The door for the tools of whoever owns the data folder: a socket that its owner alone may open (0600). One JSON line in,
 * one out.
 */
export async function openControl(parts: {
  readonly dataDir: string;
  readonly answer: (request: z.output<typeof ControlRequest>) => Promise<ControlAnswer>;
}): Promise<Control> {
  const path = socketPath(parts.dataDir);
  // Left by a process that was killed: the folder's lock says that nobody listens there any more.
  rmSync(path, { force: true });
  const server = createServer((socket) => void serve(socket, parts.answer));
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) => reject(reworded(cause, path)));
      server.listen(path, resolve);
    });
  } finally {
    process.umask(before);
  }
  return {
    close: () => {
      server.close();
      rmSync(path, { force: true });
    },
  };
}

/** A socket's path is at most 107 bytes long on Linux (unix(7)), and the system calls a longer one an invalid argument. */
function reworded(cause: NodeJS.ErrnoException, path: string): Error {
  if (cause.code !== 'EINVAL' && cause.code !== 'ENAMETOOLONG') return cause;
  cause.message = `The path ${path} is too long for a socket: choose a shorter DATA_DIR`;
  return cause;
}

async function serve(
  socket: Socket,
  answer: (request: z.output<typeof ControlRequest>) => Promise<ControlAnswer>,
): Promise<void> {
  socket.on('error', () => socket.destroy());
  try {
    const request = ControlRequest.safeParse(JSON.parse(await readLine(socket)));
    const reply = request.success ? await answer(request.data) : { ok: false, text: 'Not a request' };
    socket.end(`${JSON.stringify(reply)}\n`);
  } catch (cause) {
    socket.end(`${JSON.stringify({ ok: false, text: String(cause) })}\n`);
  }
}

/** Asks the process that works in this folder; null when there is none. */
export async function askControl(dataDir: string, request: ControlRequest): Promise<ControlAnswer | null> {
  const path = socketPath(dataDir);
  if (!existsSync(path)) return null;
  const socket = connect(path);
  socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('The service did not answer')));
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await readLine(socket)) as ControlAnswer;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED') return null;
    throw cause;
  } finally {
    socket.destroy();
  }
}

async function readLine(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8');
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    text += piece;
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
    if (text.length > MAX_LINE_CHARACTERS) throw new Error('The line is too long');
  }
  throw new Error('The connection ended before its line');
}
