import type { Phase } from '../../schemas/delivery.ts';
import type { Endpoint, RelayConfig, Submission } from './relay.ts';
import type { Peer, Reply, UnreadableReply } from './reply.ts';

/** Our own record of one transaction. It alone decides what happened; a library's error code is only evidence. */
export interface TransactionRecord {
  /** How far the connection got. `dot` means that the final dot may have left. */
  readonly phase: Extract<Phase, 'mail' | 'rcpt' | 'data' | 'body' | 'dot'>;
  readonly mail: Reply | UnreadableReply | null;
  /** One for each recipient of the envelope, in its order. */
  readonly recipients: readonly (Reply | UnreadableReply | null)[];
  readonly data: Reply | UnreadableReply | null;
  /** A reply that came while the body was still being written. The dot was not sent. */
  readonly early: Reply | UnreadableReply | null;
  readonly final: Reply | UnreadableReply | null;
  readonly ending: Ending;
  readonly peer: Peer;
}

export type Ending =
  /** The record's replies say how. */
  | { readonly kind: 'answered' }
  /** Closed, reset, timed out, or no longer to be trusted. */
  | { readonly kind: 'broken'; readonly cause: string }
  /** We refused before MAIL: the relay cannot take this message. */
  | { readonly kind: 'unfit'; readonly reason: 'too_large' | 'smtputf8_unsupported' }
  /** We stopped: shutdown, a lost lease, a body that could not be read. */
  | { readonly kind: 'withdrawn'; readonly cause: string; readonly retryInMs: number };

/**
 * One open, authenticated connection. One transaction at a time; but where commands may be pipelined, the next one may begin as soon
 * as the dot of the one before has left (RFC 2920 §3.1: the message itself may be the first of a group of commands).
 */
export interface Connection {
  /** RFC 1870: the largest message in bytes that the server announced, or null. */
  readonly maxSize?: number | null;
  /** False once either side has ended it, or when what was read last leaves doubt about where it stands. */
  readonly usable: boolean;
  /** Never rejects. */
  transact(submission: Submission, call: TransactCall): Promise<TransactionRecord>;
  /** QUIT, then closed; gives the other side two seconds. */
  quit(): Promise<void>;
  destroy(): void;
  /** Called once when the connection ends, by either side. */
  onEnd(listener: () => void): void;
}

export interface TransactCall {
  /** The moment at which everything before the dot must be over. */
  readonly until: number;
  /** Called once if the next transaction may begin before this one has its reply. */
  readonly mayFollow?: () => void;
}

/** Why no connection stands. */
export interface OpenFailure {
  readonly phase: Extract<Phase, 'connect' | 'greeting' | 'tls' | 'auth'>;
  /** The reply that refused us, where there was one. */
  readonly reply: Reply | null;
  /**
   * `broken`: network, may be better next time. `misconfigured`: certificate, protocol or credentials cannot be right.
   * `refused`: the reply says how. `withdrawn`: we stopped.
   */
  readonly kind: 'broken' | 'misconfigured' | 'refused' | 'withdrawn';
  readonly cause: string;
  readonly peer: Peer;
}

export type Opened =
  | { readonly ok: true; readonly connection: Connection }
  | { readonly ok: false; readonly failure: OpenFailure };

export interface OpenCall {
  readonly endpoint: Endpoint;
  readonly config: RelayConfig;
  readonly until: number;
  readonly signal: AbortSignal;
}

/** Opens a socket by host name, greets, secures and authenticates. Never rejects. */
export type Connect = (call: OpenCall) => Promise<Opened>;
