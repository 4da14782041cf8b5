import type { EgressRule } from './policy.ts';

/** What a call is for. It decides what is followed and what happens to an answer that is too long: see `PURPOSES`. */
export type Purpose = 'webhook' | 'attachment' | 'provider';

export interface EgressRequest {
  readonly purpose: Purpose;
  readonly method: 'GET' | 'POST';
  /** As the caller gave it. */
  readonly url: string;
  /** Ours alone, never a caller's. Sent to the first host only: a redirect does not carry them to another. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** For everything: the name, the connection, each redirect, and the answer to its last byte. */
  readonly withinMs: number;
  /** Longest body of an answer, in bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

export interface EgressAnswer {
  readonly status: number;
  /** Lower-case names; a header that came twice is joined by a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Where the answer came from in the end. */
  readonly url: string;
  /**
   * Read once. Throws `BrokenBody`: at the deadline, when the connection breaks, and beyond `maxBytes` but for a webhook:
   * for that it just ends there.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection of an answer whose body nobody wants. An unread one is closed at the deadline. */
  discard(): void;
}

/** Rich, for our own log. What a caller is told of it is decided in `failure-text.ts`. */
export type EgressFailure =
  /** By the policy; nothing was opened there. `hop` counts redirects: 0 is the caller's own URL. */
  | { readonly kind: 'refused'; readonly rule: EgressRule; readonly hop: number }
  | { readonly kind: 'dns' }
  | { readonly kind: 'connect' }
  /** `certificate`: it is the certificate that is wrong, tomorrow as today. */
  | { readonly kind: 'tls'; readonly certificate: boolean }
  /** Something came, but no HTTP answer, or only a part of one. */
  | { readonly kind: 'answer' }
  | { readonly kind: 'timeout'; readonly stage: EgressStage; readonly ms: number }
  /** The caller's own signal. */
  | { readonly kind: 'aborted' }
  | { readonly kind: 'too_large'; readonly limit: number }
  /** Compressed, although we asked for it as it is: to unpack it is to trust it. */
  | { readonly kind: 'encoded' }
  | { readonly kind: 'redirect'; readonly reason: 'too_many' | 'location' };

export type EgressStage = 'dns' | 'answer' | 'body';

export type EgressResult =
  | { readonly ok: true; readonly answer: EgressAnswer }
  | { readonly ok: false; readonly failure: EgressFailure };

export type EgressRefusal = Extract<EgressFailure, { readonly kind: 'refused' }>;

/** The one door out to places that callers choose. */
export interface Egress {
  /**
   * Whether a URL may be kept at all, for the moment it is given to us: judged as written, and by what its name leads to now.
   * Null: it may. A name that cannot be looked up may, since receivers are often registered before their names are; every
   * call judges again. Connects to nothing.
   */
  check(call: Pick<EgressRequest, 'url' | 'withinMs' | 'signal'>): Promise<EgressRefusal | null>;
  /** Any HTTP answer is `ok`, whatever its status. Throws for nothing that a stranger can cause. */
  fetch(request: EgressRequest): Promise<EgressResult>;
}

/** An answer whose beginning was fine. */
export class BrokenBody extends Error {
  override readonly name = 'BrokenBody';
  readonly failure: EgressFailure;

  constructor(failure: EgressFailure) {
    super(`the body of an answer ended early: ${failure.kind}`);
    this.failure = failure;
  }
}

interface PurposeRules {
  readonly redirects: number;
  /** Too much: the rest is of no interest, or the whole is of no use. */
  readonly overflow: 'cut' | 'refuse';
}

export const PURPOSES: Readonly<Record<Purpose, PurposeRules>> = {
  // A redirect would carry a signed event to somewhere its owner did not name; of the answer only the start is kept.
  webhook: { redirects: 0, overflow: 'cut' },
  // Files are often one or two redirects away from their link. Each hop is judged like the first.
  attachment: { redirects: 3, overflow: 'refuse' },
  // A provider's own word about itself: it is where it says, and whole.
  provider: { redirects: 0, overflow: 'refuse' },
};
