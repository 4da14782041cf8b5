import type { After } from '../../../src/net/deadline.ts';
import type { Egress, EgressRequest, Purpose } from '../../../src/net/egress.ts';
import { type Exchange, exchange } from '../../../src/net/exchange.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';

/** A web stub on this machine (`test/support/web-stub.ts`), and an egress that may reach it by name and not by address. */
export interface EgressHarness {
  /** Port of the stub. */
  readonly port: number;
  /** Ports of stubs with TLS: a certificate for `localhost` that the driver trusts, and others. Absent: it trusts none. */
  readonly secure?: { readonly good: number; readonly wrongHost: number; readonly unknownAuthority: number };
  /** An egress of the driver under test, with EGRESS_ALLOW as given. */
  egress(parts: { readonly allow: string; readonly after: After }): Egress;
  /** Connections the stub has ever had. */
  connections(): Promise<number>;
  /** Resolves when the stub has had a request for this path. */
  seen(path: string): Promise<void>;
  /** How many requests for this path there were, and the last of them. */
  requests(path: string): Promise<{
    readonly count: number;
    readonly last: {
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };
  }>;
}

export const WITHIN_MS = 15_000;
export const MAX_BYTES = 65_536;
/** RFC 9110 §15.4. */
export const REDIRECTS = [301, 302, 303, 307, 308];

let serial = 0;

/** A path that no other test asks for. */
export function unique(path: string): string {
  serial += 1;
  return `${path}${path.includes('?') ? '&' : '?'}n=${serial}`;
}

export function requestOf(purpose: Purpose, url: string, more: Partial<EgressRequest> = {}): EgressRequest {
  const method = purpose === 'webhook' ? 'POST' : 'GET';
  return { purpose, url, method, headers: {}, body: null, withinMs: WITHIN_MS, maxBytes: MAX_BYTES, ...more };
}

/** Somebody who calls the stub through the egress under test. */
export class Caller {
  readonly stub: EgressHarness;
  /** The stub by the name that is allowed. */
  readonly origin: string;
  /** The stub by an address that is not. */
  readonly inside: string;

  constructor(stub: EgressHarness) {
    this.stub = stub;
    this.origin = `http://localhost:${stub.port}`;
    this.inside = `http://127.0.0.1:${stub.port}`;
  }

  open(allow = 'localhost'): { readonly clock: ManualClock; readonly egress: Egress } {
    const clock = createManualClock();
    return { clock, egress: this.stub.egress({ allow, after: clock.after }) };
  }

  get(purpose: Purpose, path: string, more: Partial<EgressRequest> = {}): Promise<Exchange> {
    return exchange(this.open().egress, requestOf(purpose, this.origin + path, more));
  }
}
