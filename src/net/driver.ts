import type { Address } from './address.ts';
import type { EgressFailure } from './egress.ts';
import type { Target } from './policy.ts';

/** What a host does for the egress: it looks up and connects, and decides nothing. */
export interface EgressDriver {
  /**
   * All addresses of a name, IPv4 and IPv6, as text; each is judged. None, where the host cannot know and the operator
   * opened the name itself. Settles soon after `signal`, or is left behind.
   */
  resolve(call: { readonly target: Target; readonly signal: AbortSignal }): Promise<Resolved>;
  /** One request to one judged target: nothing is followed, no proxy is asked, nothing is unpacked. */
  exchange(call: {
    readonly target: Target;
    /** Where a connection may go, and nowhere else. */
    readonly addresses: readonly Address[];
    readonly method: 'GET' | 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array | null;
    /** Ends the connection, at whatever point it is. */
    readonly signal: AbortSignal;
  }): Promise<Exchanged>;
}

export type Resolved =
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly failure: Extract<EgressFailure, { readonly kind: 'dns' }> };

export type Exchanged =
  | {
      readonly ok: true;
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      /** Throws anything when it ends early. */
      readonly body: AsyncIterable<Uint8Array>;
      readonly close: () => void;
    }
  | {
      readonly ok: false;
      readonly failure: Extract<EgressFailure, { readonly kind: 'connect' | 'tls' | 'answer' }>;
    };
