import type { AddressInfo, Socket } from 'node:net';
import type { SMTPServerSession } from 'smtp-server';
import { SMTPServer } from 'smtp-server';
import type { Delivery, JudgeRecipient, Receive } from '../../inbound/receive.ts';
import type { Log } from '../../operator/log.ts';
import type { Certificate } from './certificate.ts';
import { receiveData } from './smtp-data.ts';
import { SMTP_LIMITS, type SmtpLimits } from './smtp-limits.ts';
import { pathProblem, recipientOf } from './smtp-paths.ts';
import { refusalReply, replyError } from './smtp-replies.ts';
import { SmtpSessions } from './smtp-sessions.ts';

/** Nobody logs in here; the others are jokes of the library's, and orders of proxies. */
const NO_COMMANDS = ['AUTH', 'WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'] as const;

/** How long connections that were told to go have for it. */
const LEAVE_WITHIN_MS = 250;

export interface SmtpListener {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, dismisses those that bring no mail, and gives the others this long. */
  close(withinMs: number): Promise<void>;
}

export interface SmtpListenerParts {
  /** Null: every address of this machine. */
  readonly host: string | null;
  readonly port: number;
  /** Who greets. */
  readonly name: string;
  readonly banner?: string;
  /** RFC 1870: announced, and what a larger SIZE is refused by. */
  readonly maxBytes: number;
  /** Null: STARTTLS is not offered. */
  readonly certificate: Certificate | null;
  /** Whose mail it is. */
  readonly account: string;
  readonly postmasterDomain: string;
  readonly judge: JudgeRecipient;
  readonly receive: Receive;
  readonly clock: {
    readonly monotonic: () => number;
    readonly after: (ms: number, work: () => void) => () => void;
  };
  readonly log: Log;
  readonly limits?: Partial<SmtpLimits>;
}

/**
 * An SMTP server that takes mail and passes none on. Each recipient is judged when it is named; the mail streams into the
 * funnel while it comes; 250 follows only what is kept, or what a route throws away.
 *
 * @throws when it cannot listen
 */
export async function openSmtpListener(parts: SmtpListenerParts): Promise<SmtpListener> {
  const { certificate, clock } = parts;
  const limits = { ...SMTP_LIMITS, ...parts.limits };
  const sessions = new SmtpSessions({
    limits,
    after: clock.after,
    dismiss(id, why) {
      for (const connection of server.connections) if (connection.id === id) connection.send(421, why);
    },
  });
  const server: SMTPServer = new SMTPServer({
    name: parts.name,
    ...(parts.banner === undefined ? {} : { banner: parts.banner }),
    disabledCommands: [...NO_COMMANDS, ...(certificate === null ? ['STARTTLS'] : [])],
    ...(certificate === null ? {} : { ...certificate.pair, minVersion: 'TLSv1.2' as const }),
    // The name of a stranger's address proves nothing, and his server may be slow to tell it.
    disableReverseLookup: true,
    size: parts.maxBytes,
    maxClients: limits.clients,
    maxRecipients: limits.recipients,
    maxCommandLength: limits.commandBytes,
    socketTimeout: limits.idleMs,
    logger: observer(sessions),
    onConnect(session, callback) {
      const problem = sessions.enter(session);
      if (problem !== null) return callback(problem);
      void renew(server, certificate).then(() => callback());
    },
    onClose: (session) => sessions.leave(session),
    onMailFrom: (path, session, callback) => callback(pathProblem(path, session, path)),
    onRcptTo(path, session, callback) {
      const problem = pathProblem(path, session, session.envelope.mailFrom);
      if (problem !== null) return callback(problem);
      parts.judge({ account: parts.account, address: recipientOf(path, parts.postmasterDomain) }).then(
        (verdict) => callback(verdict === null ? null : refusalReply(verdict)),
        (cause: unknown) => callback(troubled(parts.log, cause)),
      );
    },
    onData(stream, session, callback) {
      sessions.begin(session);
      const given = { stream, maxBytes: parts.maxBytes, slowest: limits.slowest, monotonic: clock.monotonic };
      void receiveData(given, (raw) => parts.receive(deliveryOf(session, parts, raw)))
        .catch((cause: unknown) => troubled(parts.log, cause))
        .then((reply) => {
          sessions.end(session, typeof reply === 'string');
          if (typeof reply === 'string') callback(null, reply);
          else callback(reply);
        });
    },
  });
  // Broken connections and failed handshakes are the other side's to report.
  server.on('error', () => {});
  const sockets = openSockets(server);
  const { address, port } = await listen(server, parts);
  return {
    host: address,
    port,
    async close(withinMs) {
      const closed = new Promise<void>((resolve) => server.server.once('close', resolve));
      server.close();
      sessions.dismissIdle('4.3.2 Shutting down');
      await withinTime(Promise.race([sessions.quiet(), closed]), withinMs, clock.after);
      await withinTime(closed, LEAVE_WITHIN_MS, clock.after);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function deliveryOf(
  { envelope, remoteAddress, hostNameAppearsAs }: SMTPServerSession,
  parts: Pick<SmtpListenerParts, 'account' | 'postmasterDomain'>,
  raw: AsyncIterable<Uint8Array>,
): Delivery {
  return {
    account: parts.account,
    source: 'smtp',
    envelopeFrom: envelope.mailFrom === false ? null : envelope.mailFrom.address,
    envelopeTo: envelope.rcptTo.map((path) => recipientOf(path, parts.postmasterDomain)),
    peer: { remoteAddress, ehlo: hostNameAppearsAs },
    deliveryId: null,
    raw,
  };
}

/** The library tells a logger of every command and reply, and nobody else. Nothing of it is written down. */
function observer(sessions: SmtpSessions): { debug(...facts: readonly unknown[]): void } {
  return {
    debug(entry, _what, line) {
      const { tnx, cid } = entry as { readonly tnx?: unknown; readonly cid?: unknown };
      if (typeof cid !== 'string') return;
      if (tnx === 'command') sessions.heard(cid);
      if (tnx === 'send') sessions.answered(cid, Number.parseInt(String(line), 10));
    },
  };
}

/** The next connection uses a certificate that was renewed. */
async function renew(server: SMTPServer, certificate: Certificate | null): Promise<void> {
  const renewed = (await certificate?.renewed()) ?? null;
  if (renewed !== null) server.updateSecureContext(renewed);
}

function troubled(log: Log, cause: unknown): Error {
  log({ level: 'error', event: 'receiving_failed', cause: String(cause) });
  return replyError(451, '4.3.0 Not now; try again later');
}

/** Those that are open, and some that were. A handshake takes every listener off a socket, so none tells when it closes. */
function openSockets(server: SMTPServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.server.on('connection', (socket: Socket) => {
    for (const one of sockets) if (one.destroyed) sockets.delete(one);
    sockets.add(socket);
  });
  return sockets;
}

function listen(
  server: SMTPServer,
  { host, port }: Pick<SmtpListenerParts, 'host' | 'port'>,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject);
    const listening = (): void => {
      server.server.off('error', reject);
      resolve(server.server.address() as AddressInfo);
    };
    // Without a host: every address, IPv6 where there is one.
    server.listen(host === null ? { port } : { port, host }, listening);
  });
}

async function withinTime(
  work: Promise<unknown>,
  ms: number,
  after: (ms: number, work: () => void) => () => void,
): Promise<void> {
  let stopWatch = (): void => {};
  await Promise.race([work, new Promise<void>((resolve) => (stopWatch = after(ms, resolve)))]);
  stopWatch();
}
