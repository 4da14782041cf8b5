import { type Capabilities, readCapabilities } from './capabilities.ts';
import type { OpenCall, OpenFailure } from './connection.ts';
import type { Clock, Patience, Waits } from './patience.ts';
import { withoutCredentials } from './redact.ts';
import { isPositive, type Reply, readReply } from './reply.ts';
import { isTlsMisconfiguration } from './tls-fault.ts';
import { type AnyReply, isRefusal, step, type Wire } from './wire.ts';

export interface SessionParts {
  readonly clock: Clock;
  readonly waits: Waits;
}

/** A connection that stands: secured and authenticated. */
export interface Session {
  readonly wire: Wire;
  readonly capabilities: Capabilities;
}

export type Fault = Omit<OpenFailure, 'peer' | 'reply'> & { readonly reply?: Reply };

interface OpenContext {
  readonly call: OpenCall;
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

/** The content types of TLS records (RFC 8446 §5.1): no reply begins with such a byte. */
const TLS_RECORD_MIN = 20;
const TLS_RECORD_MAX = 24;

/** Greeting, EHLO, STARTTLS where it is asked for, AUTH where there are credentials. */
export async function openSession(context: OpenContext, wire: Wire): Promise<Session | Fault> {
  const fault = await greet(context, wire);
  if (fault !== null) {
    wire.destroy();
    return fault;
  }
  const session = { wire, capabilities: readCapabilities(wire.announced) };
  // Replies sent along with the last one are still in the library's queue. A turn later they have met nobody who waits
  // for a reply, and have ended the session: no injected line can stand for the answer to a later command.
  await wire.turn();
  const refused = await authenticate(context, session);
  if (refused !== null) {
    wire.destroy();
    return refused;
  }
  await wire.turn();
  wire.adopt(session.capabilities);
  return session;
}

async function greet({ call, patience, signal }: OpenContext, wire: Wire): Promise<Fault | null> {
  const starttls = call.endpoint.security === 'starttls';
  const heard: AnyReply[] = [];
  let stripped = false;
  patience.enter('greeting');
  wire.hear = (reply, lines) => {
    heard.push(reply);
    patience.enter(starttls && heard.length >= 2 ? 'tls' : 'greeting');
    if (!starttls || heard.length !== 2 || !isPositive(reply) || readCapabilities(lines).starttls) return;
    // Somebody may have taken the announcement out, or there is none. Not a byte more goes out.
    stripped = true;
    wire.destroy();
  };
  const error = await step(wire, signal, (done) => wire.connect(done));
  wire.hear = () => undefined;
  if (stripped) return { phase: 'tls', kind: 'misconfigured', cause: 'the relay does not offer STARTTLS' };
  if (error === null && wire.secure) return null;
  return greetingFault({ error: error ?? new Error('not secured'), starttls, heard, wire });
}

interface Greeting {
  readonly error: Error & { originalCode?: string; code?: string; response?: string };
  readonly starttls: boolean;
  readonly heard: readonly AnyReply[];
  readonly wire: Wire;
}

function greetingFault(greeting: Greeting): Fault {
  const { error, heard, wire } = greeting;
  if (greeting.starttls && heard.length >= 3) return starttlsFault(greeting);
  const last = heard.at(-1) ?? null;
  if (isRefusal(last)) {
    return { phase: 'greeting', kind: 'refused', cause: 'the relay refused us', reply: last };
  }
  if (wire.firstByte >= TLS_RECORD_MIN && wire.firstByte <= TLS_RECORD_MAX) {
    return { phase: 'tls', kind: 'misconfigured', cause: 'the relay speaks TLS at once: smtps:// is meant' };
  }
  return { phase: 'greeting', kind: 'broken', cause: last === null ? error.message : 'unexpected greeting' };
}

function starttlsFault({ error, heard, wire }: Greeting): Fault {
  if (wire.secure) {
    // The second EHLO. Our ear is not on that socket yet: the library's error carries the reply.
    const second = readReply(error.response ?? '');
    if (isRefusal(second))
      return { phase: 'greeting', kind: 'refused', cause: 'EHLO refused', reply: second };
    return { phase: 'greeting', kind: 'broken', cause: error.message };
  }
  const answer = heard[2] ?? null;
  if (isRefusal(answer)) return { phase: 'tls', kind: 'refused', cause: 'STARTTLS refused', reply: answer };
  const wrong = isTlsMisconfiguration(error.originalCode ?? error.code);
  return { phase: 'tls', kind: wrong ? 'misconfigured' : 'broken', cause: error.message };
}

async function authenticate(
  { call, patience, signal }: OpenContext,
  session: Session,
): Promise<Fault | null> {
  const { wire, capabilities } = session;
  const { credentials } = call.config;
  if (credentials === null) return null;
  const method = capabilities.mechanism;
  if (method === null) {
    return { phase: 'auth', kind: 'misconfigured', cause: 'the relay offers no AUTH mechanism that we know' };
  }
  const heard: AnyReply[] = [];
  patience.enter('auth');
  wire.hear = (reply) => heard.push(reply);
  const error = await step(wire, signal, (done) => wire.login({ method, ...credentials }, done));
  wire.hear = () => undefined;
  if (error === null) return null;
  const last = heard.at(-1) ?? null;
  if (isRefusal(last)) {
    const reply = withoutCredentials(last, credentials);
    return { phase: 'auth', kind: 'refused', cause: 'authentication failed', reply };
  }
  return { phase: 'auth', kind: 'broken', cause: last === null ? error.message : 'unexpected reply to AUTH' };
}
