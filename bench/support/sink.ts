import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port.ts';
import { type Child, forked, spawned } from './children.ts';

/** Postfix's own test programs, where they are installed: the fastest sink and the fastest source there is. */
export const SMTP_SINK = found('smtp-sink');
export const SMTP_SOURCE = found('smtp-source');
/** They refuse to run as root without being told who to be. */
export const AS_POSTFIX = process.getuid?.() === 0 ? ['-u', 'postfix'] : [];
const BACKLOG = '200';
const TRY_EVERY_MS = 20;
const TRIES = 250;

/** A server that takes every mail and keeps none, in a process of its own. */
export interface Sink {
  readonly name: string;
  readonly port: number;
  /** Mails taken so far. */
  taken(): number;
  /** Resolves at the moment when it has taken so many. */
  until(count: number, withinMs: number): Promise<void>;
  readonly child: Child;
  stop(): Promise<void>;
}

export async function openSink(): Promise<Sink> {
  return SMTP_SINK === null ? nodeSink() : postfixSink(SMTP_SINK);
}

async function postfixSink(program: string): Promise<Sink> {
  const port = await freePort();
  const child = spawned(program, [...AS_POSTFIX, '-c', `127.0.0.1:${port}`, BACKLOG]);
  const count = counter();
  // Its counters are written over one another on one line: `sess=1 quit=1 mesg=5` and a carriage return.
  child.process.stdout?.on('data', (chunk: Buffer) => {
    const last = chunk
      .toString('latin1')
      .match(/mesg=(\d+)/g)
      ?.at(-1);
    if (last !== undefined) count.set(Number(last.slice('mesg='.length)));
  });
  await reachable(port);
  return { name: 'smtp-sink', port, ...count.reading, child, stop: child.stop };
}

async function nodeSink(): Promise<Sink> {
  const { child, told: port } = await forked<number>(join(import.meta.dirname, 'node-sink.ts'));
  const count = counter();
  child.process.on('message', (taken) => count.set(Number(taken)));
  return { name: 'a sink in Node', port, ...count.reading, child, stop: child.stop };
}

function counter(): {
  readonly set: (count: number) => void;
  readonly reading: Pick<Sink, 'taken' | 'until'>;
} {
  let taken = 0;
  let hear = (): void => undefined;
  return {
    set(count) {
      taken = count;
      hear();
    },
    reading: {
      taken: () => taken,
      until: (count, withinMs) =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(
            () => reject(new Error(`${taken} of ${count} mails arrived within ${withinMs} ms`)),
            withinMs,
          );
          hear = () => {
            if (taken < count) return;
            clearTimeout(timer);
            resolve();
          };
          hear();
        }),
    },
  };
}

/** Asks until somebody listens. A connection that only looks is no mail. */
export async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      const end = (open: boolean): void => {
        socket.destroy();
        resolve(open);
      };
      socket.once('connect', () => end(true));
      socket.once('error', () => end(false));
    });
    if (isOpen) return;
    await pause(TRY_EVERY_MS);
  }
  throw new Error(`Nobody listens on port ${port}`);
}

function found(program: string): string | null {
  const places = [
    `/usr/sbin/${program}`,
    ...(process.env['POSTFIX_BIN'] ? [join(process.env['POSTFIX_BIN'], program)] : []),
  ];
  const there = places.find(existsSync);
  if (there !== undefined) return there;
  const asked = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return asked.status === 0 ? asked.stdout.trim() : null;
}
