import { connect as connectPlain, isIP, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect as connectTls,
  type PeerCertificate,
} from 'node:tls';
import type { OpenedSocket, OpenSocket } from '../../relay/smtp.ts';
import { isTlsMisconfiguration } from '../../relay/tls-fault.ts';

/**
 * The handshake with a relay, the same for implicit TLS and after STARTTLS. There is no setting to weaken it. `ca`
 * replaces the system's authorities; operators add theirs through NODE_EXTRA_CA_CERTS.
 */
export function relayTls(ca?: string | readonly string[]): ConnectionOptions {
  return {
    // RFC 8996: 1.0 and 1.1 are gone, whatever the process was started with.
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    checkServerIdentity: isFor,
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
  };
}

/** Opens sockets by host name; see `OpenSocket`. */
export function createOpenSocket(tls: ConnectionOptions): OpenSocket {
  return ({ host, port, security, signal, tlsBegins }) => {
    if (security !== 'implicit') {
      const plain = connectPlain({ host, port });
      return opened(plain, { ready: 'connect', signal, phase: () => 'connect' });
    }
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const secure = connectTls({ ...tls, host, port, ...servername });
    let phase: 'connect' | 'tls' = 'connect';
    secure.once('connect', () => {
      phase = 'tls';
      tlsBegins();
    });
    return opened(secure, { ready: 'secureConnect', signal, phase: () => phase });
  };
}

/** RFC 9525 §6.1: names count in subjectAltName only; Node would still fall back to the common name. */
function isFor(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined) {
    return Object.assign(new Error('the certificate names no host (no subjectAltName)'), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  }
  return checkServerIdentity(host, certificate);
}

function opened(
  socket: Socket,
  call: {
    readonly ready: 'connect' | 'secureConnect';
    readonly signal: AbortSignal;
    readonly phase: () => 'connect' | 'tls';
  },
): Promise<OpenedSocket> {
  return new Promise((resolve) => {
    const { signal } = call;
    const settle = (result: OpenedSocket): void => {
      signal.removeEventListener('abort', aborted);
      socket.removeListener('close', closed);
      if (!result.ok) socket.destroy();
      resolve(result);
    };
    const fail = (cause: string, code?: string): void => {
      const phase = call.phase();
      settle({ ok: false, phase, misconfigured: phase === 'tls' && isTlsMisconfiguration(code), cause });
    };
    const aborted = (): void => fail('aborted');
    const closed = (): void => fail('closed before it was open');
    // Stays on for good: an error between here and the next listener would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => fail(messageOf(error), error.code));
    socket.once('close', closed);
    socket.once(call.ready, () => settle({ ok: true, socket, afterPromises: process.nextTick }));
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
  });
}

/** Connecting to several addresses fails with a list, whose own message is empty. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ');
  }
  return error.message;
}
