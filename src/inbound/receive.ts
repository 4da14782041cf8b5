import type { Refusal } from '../../schemas/error.ts';
import type { InboundPeer } from '../mailroom/arrival-records.ts';
import type { InboundSource } from '../mailroom/received-records.ts';

/** What a source hands over. It speaks its own protocol and knows nothing else. */
export interface Delivery {
  readonly account: string;
  readonly source: InboundSource;
  /** `''` for the null sender, null when the source does not tell. */
  readonly envelopeFrom: string | null;
  /** As the source has them; at least one. */
  readonly envelopeTo: readonly string[];
  readonly peer: InboundPeer | null;
  readonly deliveryId: string | null;
  /** The exact bytes. Read to its end, or to the limit. */
  readonly raw: AsyncIterable<Uint8Array>;
}

/** What became of it. Only `kept` and `dropped` may be acknowledged. */
export type Received =
  | { readonly kind: 'kept'; readonly id: string; readonly duplicate: boolean }
  /** A route says that it is thrown away. */
  | { readonly kind: 'dropped' }
  /** For good: a foreign domain, a route that rejects, too large, no address. */
  | {
      readonly kind: 'refused';
      readonly reason: 'domain' | 'route' | 'size' | 'address';
      readonly message: string;
    }
  /** Try again later: nothing is kept. */
  | { readonly kind: 'unavailable'; readonly refusal: Refusal };

/** The one funnel: every mail that comes in comes through here. */
export type Receive = (delivery: Delivery) => Promise<Received>;

/** Whether a recipient may be named at all, before its mail is sent (SMTP `RCPT`). Null: yes. */
export type JudgeRecipient = (recipient: {
  readonly account: string;
  readonly address: string;
}) => Promise<Extract<Received, { kind: 'refused' | 'unavailable' }> | null>;
