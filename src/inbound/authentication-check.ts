import type { InboundPeer } from '../mailroom/arrival-records.ts';
import type { Authentication } from '../mailroom/received-records.ts';

/**
 * Asks SPF, DKIM and DMARC of a mail that its sender's server handed to us (source `smtp`). Only a host that can look
 * names up has one. What cannot be found out is `temperror`: it answers within its own deadline and never throws. Without
 * a peer that says anything (loopback, none known) the source is `none`.
 */
export type CheckAuthentication = (mail: {
  readonly peer: InboundPeer | null;
  /** `''` for the null sender. */
  readonly envelopeFrom: string | null;
  /** The exact bytes, read once to the end. */
  readonly raw: AsyncIterable<Uint8Array>;
}) => Promise<Authentication>;
