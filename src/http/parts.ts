import type { ReceiveHook } from '../inbound/hooks/receive-hook.ts';
import type { Receive } from '../inbound/receive.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { EmailRecord } from '../mailroom/records.ts';
import type { Compose, Sealed } from '../mime/message.ts';
import type { Egress } from '../net/egress.ts';
import type { Hasher } from '../objects/hasher.ts';
import type { ObjectStore } from '../objects/store.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { Tickets } from '../secrets/ticket.ts';
import type { FewAtOnce } from './few-at-once.ts';

/** What the operator configured that `http` must know. */
export interface Settings {
  /** Base of every link we write, without a trailing slash. Never taken from `Host`. */
  readonly publicUrl: string;
  /** Sender domains (A-labels, lower case) with their stable ids and the moment they are known since, or null: any sender. */
  readonly domains: readonly SenderDomain[] | null;
  /** Requests per second and account; 0 means no limit and no `ratelimit-*` headers. */
  readonly rateLimit: number;
  /** What API keys start with: `mw_`. */
  readonly keyPrefix: string;
  /** A domain beside `resend.dev` at which recipients are simulated (A-label, lower case), or null. */
  readonly simulatedDomain: string | null;
  /** Bytes of a JSON body: 45 MiB on Node, 16 MiB on Workers. */
  readonly bodyCap: number;
  /** Domains that mail is received for (A-labels, lower case), or null: all of them. */
  readonly receivingDomains: readonly string[] | null;
  /** Where bounces come back to, or null. */
  readonly returnPathDomain: string | null;
  /** Canonical addresses that a route may forward to. */
  readonly forwardTo: readonly string[];
  /** Bytes of a mail that comes in. */
  readonly inboundMaxBytes: number;
}

export interface SenderDomain {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number;
}

/** One relay as the operator sees it at GET /health. */
export interface RelayHealth {
  readonly name: string;
  readonly state: 'open' | 'paused' | 'broken' | 'held';
  /** Why it is not open, in words for the operator; null while it is. */
  readonly reason: string | null;
  /** Since when, in milliseconds since 1970 UTC; null while it is open. */
  readonly since: number | null;
  /** Milliseconds since 1970 UTC, or null when it is open or nothing is planned. */
  readonly nextProbeAt: number | null;
}

export interface HealthReport {
  readonly relays: readonly RelayHealth[];
  /** `freeBytes` is null where the host cannot tell. */
  readonly storage: { readonly writable: boolean; readonly freeBytes: number | null };
}

/** The bytes of a stored mail, or why there are none. */
export type Prepared =
  | { readonly kind: 'ready'; readonly composed: Sealed }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly cause: string };

/** One line of the log. Values are escaped by the writer; no secret, body or full address is ever among them. */
export interface LogLine {
  readonly level: 'info' | 'error';
  readonly event: string;
  readonly requestId: string;
  readonly [key: string]: string | number | boolean | null;
}

/** A guess at a key costs its address something. The host knows addresses; `http` says when. */
export interface GuessLimit {
  /** Null: go on. Else the whole seconds to wait: answer 429 and look at nothing. */
  check(request: Request): number | null;
  /** A key was presented that is none of ours. */
  failed(request: Request): void;
}

/** Everything `createApp` is built from. The host hands it in; nothing here says where it runs. */
export interface Parts {
  /** The mailroom of an account, or null when there is no such account. */
  readonly account: (name: string) => Promise<Async<Mailroom> | null>;
  /** Whether this is the operator's API_KEY, compared in constant time; false when none is set. */
  readonly operatorKeyMatches: (token: string) => Promise<boolean>;
  readonly objects: ObjectStore;
  /** For dry runs: nothing is stored, so there is no record to prepare. */
  readonly compose: Compose;
  /** The exact bytes that were or will be sent: what the clerk does before it hands a mail to a relay. */
  readonly prepare: (email: EmailRecord) => Promise<Prepared>;
  /** Seals the signing secrets of webhooks, and opens them to be shown. */
  readonly sealer: Sealer;
  /** Judges the places that callers choose, and fetches from there. */
  readonly egress: Egress;
  readonly hasher: () => Hasher;
  /** Signs the links that need no key, and reads them again. Each kind has a key of its own. */
  readonly tickets: {
    readonly download: Tickets;
    readonly upload: Tickets;
    readonly unsubscribe: Tickets;
    readonly inbound: Tickets;
  };
  /** Takes a mail in: the one funnel of all sources. */
  readonly receive: Receive;
  /** The same for what a provider posts, which proves itself beside its URL. */
  readonly receiveHook: ReceiveHook;
  /** Bytes that the relays are known to take, where that is known and less than anybody may send. */
  readonly relayLimit?: () => number | null;
  /** Milliseconds since 1970 UTC. */
  readonly clock: () => number;
  /** A fresh UUID, version 7. */
  readonly newId: () => string;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly settings: Settings;
  /** False while mail cannot be accepted: the disk refuses writes, or the process is stopping. Anybody may ask, at any rate. */
  readonly accepting: () => Promise<boolean>;
  /** Asked for holders of a full-access key alone: it may cost calls to other places. */
  readonly health: (account: string) => Promise<HealthReport>;
  /** The API document in both spellings, fetched when somebody wants to read it. */
  readonly documents: { readonly yaml: () => Promise<string>; readonly json: () => Promise<string> };
  readonly log: (line: LogLine) => void;
  /** Something of this account may be due now. */
  readonly wake: (account: string) => void;
  readonly guesses?: GuessLimit;
  /** Where one process answers everybody: mails with their images in them, which are some 60 MB while they are put together. */
  readonly largeAnswers?: FewAtOnce;
}

/** The account that the operator's API_KEY opens. */
export const OPERATOR_ACCOUNT = 'default';
