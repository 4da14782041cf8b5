import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Connect, OpenCall } from './connection.ts';
import { createDialogue, type Dialogue } from './dialogue.ts';
import { type Fault, openSession, type SessionParts } from './opening.ts';
import { createPatience } from './patience.ts';
import type { Endpoint } from './relay.ts';
import { createReplyReader, MAX_REPLY_BYTES } from './reply-reader.ts';
import { createConnection } from './session.ts';
import type { Wire } from './wire.ts';

export type OpenedSocket =
  | {
      readonly ok: true;
      readonly socket: Socket;
      /** Resolves when what came in until now has been read. On Node the wait for phase `dot` to be durable does that. */
      readonly caughtUp?: () => Promise<void>;
      /** Runs this when all promises that are settled by now have been acted on, and before the loop waits. */
      readonly afterPromises: (run: () => void) => void;
    }
  | {
      readonly ok: false;
      readonly phase: 'connect' | 'tls';
      readonly misconfigured: boolean;
      readonly cause: string;
    };

/**
 * Opens a socket **by host name**, because certificates name hosts; with implicit TLS it is already encrypted and the
 * certificate verified. `tlsBegins` is called between the two steps. Never rejects; aborting closes the socket.
 */
export type OpenSocket = (
  call: Endpoint & { readonly signal: AbortSignal; readonly tlsBegins: () => void },
) => Promise<OpenedSocket>;

export interface SmtpParts extends SessionParts {
  readonly openSocket: OpenSocket;
  /** Options of the handshake after STARTTLS: the host's, the same that its `openSocket` uses. */
  readonly tls: ConnectionOptions;
}

/** The library's own timers never decide: each of ours is shorter, and tells the phases apart. */
const LIBRARY_TIMEOUT_MS = 3_600_000;

/** Connections opened, secured and authenticated by nodemailer's SMTP client, and then driven by us. */
export function createSmtpConnect(parts: SmtpParts): Connect {
  return async (call) => {
    const expiry = new AbortController();
    const patience = createPatience({
      ...parts,
      until: call.until,
      expired: (cause) => expiry.abort(new Error(cause)),
    });
    const signal = AbortSignal.any([expiry.signal, call.signal]);
    patience.enter('connect');
    const opened = await parts.openSocket({
      ...call.endpoint,
      signal,
      tlsBegins: () => patience.enter('tls'),
    });
    const wire = opened.ok ? createWire(call, parts, opened) : null;
    const outcome =
      opened.ok && wire !== null ? await openSession({ call, patience, signal }, wire) : faultOf(opened);
    patience.stop();
    if ('wire' in outcome) return { ok: true, connection: createConnection(outcome, parts) };

    const { phase, reply = null } = outcome;
    const peer = { remoteHost: call.endpoint.host, tls: null };
    if (call.signal.aborted) {
      return { ok: false, failure: { phase, kind: 'withdrawn', cause: 'aborted', reply, peer } };
    }
    const wasSilent = phase === 'greeting' && wire?.firstByte === -1;
    if (wasSilent && (await speaksTlsAtOnce(call, parts))) {
      const cause = 'the relay speaks TLS at once: smtps:// is meant';
      return { ok: false, failure: { phase: 'tls', kind: 'misconfigured', cause, reply, peer } };
    }
    const expired = expiry.signal.aborted
      ? { kind: 'broken' as const, cause: reasonOf(expiry.signal) }
      : null;
    const { kind, cause } = expired ?? outcome;
    return { ok: false, failure: { phase, kind, cause, reply, peer } };
  };
}

function faultOf(opened: OpenedSocket): Fault {
  if (opened.ok) throw new Error('an open socket has no fault');
  const { phase, misconfigured, cause } = opened;
  return { phase, kind: misconfigured ? 'misconfigured' : 'broken', cause };
}

/**
 * Where STARTTLS was expected and nothing greeted us, a server may be waiting for our handshake: then the URL is wrong and
 * time will not mend it. Only asked; no byte of ours but the handshake's goes there.
 */
async function speaksTlsAtOnce(call: OpenCall, parts: SmtpParts): Promise<boolean> {
  if (call.endpoint.security !== 'starttls') return false;
  const stop = new AbortController();
  const patience = createPatience({ ...parts, until: call.until, expired: () => stop.abort() });
  patience.enter('connect');
  const opened = await parts.openSocket({
    ...call.endpoint,
    security: 'implicit',
    signal: AbortSignal.any([stop.signal, call.signal]),
    tlsBegins: () => patience.enter('tls'),
  });
  patience.stop();
  if (!opened.ok) return opened.phase === 'tls' && opened.misconfigured;
  opened.socket.destroy();
  return true;
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : 'aborted';
}

/** nodemailer's connection as a wire, on a socket that we have opened ourselves. */
function createWire(
  { endpoint, config }: OpenCall,
  parts: SmtpParts,
  { socket, caughtUp, afterPromises }: Extract<OpenedSocket, { ok: true }>,
): Wire {
  const starttls = endpoint.security === 'starttls';
  const session = new SMTPConnection({
    connection: socket,
    host: endpoint.host,
    port: endpoint.port,
    name: config.ehloName,
    // With `none` nothing is left to secure either: the URL said so. Told otherwise, the library would take up any
    // STARTTLS it is offered, and fail on a certificate that nobody promised.
    secure: !starttls,
    secured: !starttls,
    requireTLS: starttls,
    tls: parts.tls,
    // Its log would print AUTH lines and bodies.
    logger: false,
    debug: false,
    maxResponseSize: MAX_REPLY_BYTES,
    connectionTimeout: LIBRARY_TIMEOUT_MS,
    greetingTimeout: LIBRARY_TIMEOUT_MS,
    socketTimeout: LIBRARY_TIMEOUT_MS,
  });
  let current = socket;
  let firstByte = -1;
  let dialogue: Dialogue | null = null;
  let hasEnded = false;
  let isTold = false;
  const end = (cause: Error): void => {
    hasEnded = true;
    current.destroy();
    if (isTold) return;
    isTold = true;
    wire.broke(cause);
  };
  const spoken = (): Dialogue => {
    if (dialogue === null) throw new Error('the session does not stand yet');
    return dialogue;
  };
  const wire: Wire = {
    hear: () => undefined,
    broke: () => undefined,
    get peer() {
      return { remoteHost: endpoint.host, tls: protocolOf(current) };
    },
    get firstByte() {
      return firstByte;
    },
    get secure() {
      return session.secure;
    },
    get ended() {
      return dialogue === null ? session.destroyed : hasEnded;
    },
    get announced() {
      return session.lastServerResponse || '';
    },
    connect(done) {
      session.connect(done);
      // The library begins to listen a turn later: an end that came before that, it would never hear of.
      void turn().then(() => socket.destroyed && wire.broke(new Error('connection closed')));
    },
    login: (how, done) => session.login({ ...how }, done),
    adopt(offered) {
      letGo(session, current);
      hasEnded = session.destroyed || current.destroyed;
      current.on('error', end);
      current.once('end', () => end(new Error('connection closed')));
      current.once('close', () => end(new Error('connection closed')));
      dialogue = createDialogue(
        {
          get ended() {
            return hasEnded;
          },
          write: (bytes) => written(current, bytes),
          gather() {
            const held = current;
            held.cork();
            // The next message's commands are written by promises that are settled by now.
            afterPromises(() => held.uncork());
          },
          end,
        },
        offered,
      );
    },
    reset: (done) => spoken().reset(done),
    quit: () => spoken().quit(),
    send: (envelope, body, told) => spoken().send(envelope, body, told),
    // Every piece of a body is waited for as it is written. Only what came in meanwhile may still be unread.
    flushed: caughtUp ?? (() => Promise.resolve()),
    destroy() {
      // First the socket: the library's close would still write out what is waiting.
      hasEnded = true;
      current.destroy();
      if (dialogue !== null) return;
      if (session._socket) session._socket.destroy();
      session.close();
    },
    turn: () => turn(),
  };
  const listen = (to: Socket): void => {
    const reader = createReplyReader();
    current = to;
    // Before the library's own listener; and unlike `on` this does not start the flow.
    to.prependListener('data', (chunk: Buffer) => {
      if (firstByte === -1) firstByte = chunk[0] ?? -1;
      for (const { reply, lines } of reader.push(chunk)) {
        wire.hear(reply, lines);
        if (!hasEnded) dialogue?.hear(reply);
      }
    });
  };
  listen(socket);
  // Runs inside the reading of the second EHLO: everything after it, and nothing from before TLS, is heard.
  if (starttls) session.once('connect', () => session._socket && listen(session._socket));
  session.on('error', (error: Error) => wire.broke(error));
  session.on('end', () => wire.broke(new Error('connection closed')));
  return wire;
}

/** The library's listeners on a socket, by event. Their names are its own affair: where one is missing it has changed inside. */
const LISTENERS = [
  ['data', '_onSocketData'],
  ['error', '_onSocketError'],
  ['error', '_onConnectionSocketError'],
  ['close', '_onSocketClose'],
  ['end', '_onSocketEnd'],
  ['timeout', '_onSocketTimeout'],
] as const;

/** From here on the library hears nothing of this socket, and says nothing on it. */
function letGo(session: SMTPConnection, socket: Socket): void {
  for (const [event, name] of LISTENERS) {
    const listener: unknown = Reflect.get(session, name);
    if (typeof listener !== 'function') throw new Error(`nodemailer has no ${name} any more`);
    socket.removeListener(event, listener as () => void);
  }
  socket.setTimeout(0);
}

/** Nobody is told of an error here: the socket's own listener is. */
function written(socket: Socket, bytes: Uint8Array | string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.write(bytes, () => resolve());
  });
}

function protocolOf(socket: Socket): string | null {
  return 'getProtocol' in socket && typeof socket.getProtocol === 'function'
    ? (socket.getProtocol() ?? 'TLS')
    : null;
}
