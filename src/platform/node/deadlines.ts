import type { IncomingMessage, Server } from 'node:http';

/** How long a caller may take. A caller that drips must not hold a connection for long. */
export interface Deadlines {
  /** For the request line and all headers. */
  readonly headersMs: number;
  /** For the whole request, body and all. */
  readonly requestMs: number;
  /** A body comes at this pace at least, judged after `graceMs`. */
  readonly bytesPerSecond: number;
  readonly graceMs: number;
  /** How often all of this is looked at. */
  readonly lookEveryMs: number;
}

/** threats.md section 6. */
export const DEADLINES: Deadlines = {
  headersMs: 10_000,
  requestMs: 600_000,
  bytesPerSecond: 1_024,
  graceMs: 10_000,
  lookEveryMs: 1_000,
};

interface Watched {
  readonly since: number;
  readonly bytesBefore: number;
}

/**
 * Ends connections whose request body comes too slowly; headers and the request as a whole are the server's own
 * settings. Time is monotonic milliseconds.
 *
 * @returns a function that stops watching.
 */
export function watchSlowBodies(
  server: Server,
  parts: { readonly deadlines: Deadlines; readonly monotonic: () => number },
): () => void {
  const watched = new Map<IncomingMessage, Watched>();
  server.on('request', (request: IncomingMessage) => {
    watched.set(request, { since: parts.monotonic(), bytesBefore: request.socket.bytesRead });
    request.once('close', () => watched.delete(request));
  });
  const timer = setInterval(() => {
    const now = parts.monotonic();
    for (const [request, watch] of watched) {
      // Without a body, or with one that is here: `end` waits for somebody to read it, and the answer may take minutes to send.
      if (request.complete) {
        watched.delete(request);
        continue;
      }
      const bytes = request.socket.bytesRead - watch.bytesBefore;
      const pace = { bytes, elapsedMs: now - watch.since };
      if (isTooSlow(pace, parts.deadlines)) request.socket.destroy();
    }
  }, parts.deadlines.lookEveryMs);
  timer.unref();
  return () => clearInterval(timer);
}

export function isTooSlow(
  pace: { readonly bytes: number; readonly elapsedMs: number },
  { graceMs, bytesPerSecond }: Pick<Deadlines, 'graceMs' | 'bytesPerSecond'>,
): boolean {
  return pace.elapsedMs > graceMs && pace.bytes < (pace.elapsedMs / 1000) * bytesPerSecond;
}
