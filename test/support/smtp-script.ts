import type { SecureVersion } from 'node:tls';
import type { Certificate } from './certificates.ts';
import type { EndOfData } from './end-of-data.ts';

/** Where a script may step in. `tls` is the handshake, `body` the time between 354 and the end of the message. */
export type Step =
  | 'connect'
  | 'greeting'
  | 'ehlo'
  | 'starttls'
  | 'tls'
  | 'auth'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'body'
  | 'dot'
  | 'rset'
  | 'quit';

export type Fault =
  /** These lines instead of the usual reply; each gets a CRLF. */
  | {
      readonly kind: 'reply';
      readonly lines: readonly string[];
      /** Bytes in the same segment, behind the reply. */
      readonly behind?: string;
      readonly thenClose?: boolean;
    }
  /** These bytes as they are, and nothing after them. */
  | { readonly kind: 'bytes'; readonly bytes: string; readonly thenClose?: boolean }
  | { readonly kind: 'reset' }
  | { readonly kind: 'close' }
  | { readonly kind: 'hang' }
  /** One byte after another of a line that never ends. */
  | { readonly kind: 'drip' };

export type Script = Partial<
  Record<Step, Fault | ((turn: { readonly count: number; readonly line: string }) => Fault | null)>
>;

export interface ServerOptions {
  readonly security?: 'none' | 'starttls' | 'implicit';
  readonly certificate?: Certificate;
  readonly tlsVersions?: { readonly min: SecureVersion; readonly max: SecureVersion };
  /** Announced in the clear, or after implicit TLS. STARTTLS is added when it is offered. */
  readonly announces?: readonly string[];
  /** Announced after STARTTLS; the same as before by default. */
  readonly announcesAfterTls?: readonly string[];
  readonly offersStarttls?: boolean;
  readonly script?: Script;
  /** Share of the body, 0 to 1, after which the `body` fault comes. */
  readonly bodyFaultAt?: number;
  readonly endOfData?: EndOfData;
  /** One that was free before; any by default. */
  readonly port?: number;
}

/** What was seen, in order. */
export interface LogEntry {
  readonly connection: number;
  readonly what: 'connect' | 'secured' | 'command' | 'message' | 'fault' | 'hang' | 'drip' | 'end';
  readonly text: string;
  readonly encrypted: boolean;
}

export interface ReceivedMessage {
  readonly connection: number;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** As it was on the wire between DATA and the dot, one character per byte. */
  readonly raw: string;
  /** The same without the doubled dots. */
  readonly text: string;
}
