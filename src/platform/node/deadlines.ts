import type { IncomingMessage, Server } from 'node:http';

/** threats.md section 6: a caller that drips must not hold a connection for long. */
export const HEADERS_WITHIN_MS = 10_000;
export const REQUEST_WITHIN_MS = 600_000;
const LEAST_BYTES_PER_SECOND = 1_024;

/** A body gets this long before its pace is judged. */
const GRACE_MS = 10_000;
const LOOK_EVERY_MS = 1_000;

interface Watched {
  readonly since: number;
  readonly bytesBefore: number;
}

/**
 * Ends connections whose request body comes slower than 1 KB/s. Headers within 10 s and 10 minutes in all are the
 * server's own settings (`headersTimeout`, `requestTimeout`). Time is monotonic milliseconds.
 *
 * @returns a function that stops watching.
 */
export function watchSlowBodies(server: Server, monotonic: () => number): () => void {
  const watched = new Map<IncomingMessage, Watched>();
  server.on('request', (request: IncomingMessage) => {
    if (request.complete) return;
    watched.set(request, { since: monotonic(), bytesBefore: request.socket.bytesRead });
    const forget = (): void => {
      watched.delete(request);
    };
    request.once('end', forget);
    request.once('close', forget);
  });
  const timer = setInterval(() => {
    const now = monotonic();
    for (const [request, watch] of watched) {
      const bytes = request.socket.bytesRead - watch.bytesBefore;
      if (isTooSlow({ bytes, elapsedMs: now - watch.since })) request.socket.destroy();
    }
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

export function isTooSlow(pace: { readonly bytes: number; readonly elapsedMs: number }): boolean {
  return pace.elapsedMs > GRACE_MS && pace.bytes < (pace.elapsedMs / 1000) * LEAST_BYTES_PER_SECOND;
}
