import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint } from '../../relay/relay.ts';
import type { OpenedSocket } from '../../relay/smtp.ts';

/**
 * Opens a socket by host name, which is what makes workerd hold the certificate against that name; a socket opened by
 * address is held against the address, and every ordinary certificate fails.
 *
 * For implicit TLS the runtime has one sentence for a port nobody listens on and for a certificate it refuses. A second,
 * plain connection tells them apart: if that one opens, it was TLS. Why TLS failed the runtime never says, so nothing here
 * is `misconfigured` at once; the relay's health counts such failures.
 */
export async function openSocket(
  call: Endpoint & { readonly signal: AbortSignal; readonly tlsBegins: () => void },
): Promise<OpenedSocket> {
  const { host, port, signal } = call;
  if (call.security !== 'implicit') return opened(connectPlain({ host, port }), 'connect', signal);
  call.tlsBegins();
  const secure = await opened(connectTls({ host, port, servername: host }), 'secureConnect', signal);
  if (secure.ok || signal.aborted) return secure;
  const plain = await opened(connectPlain({ host, port }), 'connect', signal);
  if (!plain.ok) return plain;
  plain.socket.destroy();
  return {
    ok: false,
    phase: 'tls',
    misconfigured: false,
    cause: `${host}:${port} answers, but its TLS certificate or handshake was refused`,
  };
}

/**
 * workerd looks at its sockets only when it has nothing else to do: against a relay that takes a body as fast as we read it,
 * the last of it is written before a reply that came in its middle is read. While a timer is waited for, it looks.
 */
function caughtUp(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Not `process.nextTick`, which is one promise more here. */
function afterPromises(run: () => void): void {
  setImmediate(run);
}

function opened(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<OpenedSocket> {
  return new Promise((resolve) => {
    const end = (result: OpenedSocket): void => {
      signal.removeEventListener('abort', aborted);
      socket.removeListener('close', closed);
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const fail = (cause: string): void => end({ ok: false, phase: 'connect', misconfigured: false, cause });
    const aborted = (): void => fail('aborted');
    const closed = (): void => fail('closed before it was open');
    // Stays on for good: an error between here and the next listener would end the isolate.
    socket.on('error', (error) => fail(error.message));
    socket.once('close', closed);
    socket.once(ready, () => end({ ok: true, socket, caughtUp, afterPromises }));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
  });
}
