import * as fc from 'fast-check';
import { createOpenSocket, relayTls } from '../../src/platform/node/socket.ts';
import { type Clock, NODE_WAITS, type Waits } from '../../src/relay/patience.ts';
import { createRelay } from '../../src/relay/pool.ts';
import type { Relay, RelayConfig, Security, Submission } from '../../src/relay/relay.ts';
import { createSmtpConnect } from '../../src/relay/smtp.ts';
import { certificates } from '../support/certificates.ts';
import { createManualClock } from '../support/manual-clock.ts';

export const CREDENTIALS = { user: 'postman', pass: 'canary-passphrase' } as const;

/** The host's clock, for servers that are silent without saying so. */
export const realClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export interface RelayCall {
  readonly port: number;
  readonly security?: Security;
  readonly host?: string;
  readonly config?: Partial<RelayConfig>;
  readonly clock?: Clock;
  readonly waits?: Partial<Waits>;
}

/** A relay over real sockets that trusts the test authority alone. */
export async function relayTo(call: RelayCall): Promise<Relay> {
  const security = call.security ?? 'none';
  const config: RelayConfig = {
    name: 'test',
    endpoints: [{ host: call.host ?? 'localhost', port: call.port, security }],
    credentials: security === 'none' ? null : CREDENTIALS,
    connections: 4,
    rate: null,
    ehloName: 'mailwright.test',
    ...call.config,
  };
  const tls = relayTls((await certificates()).ca);
  const parts = { clock: call.clock ?? createManualClock(), waits: { ...NODE_WAITS, ...call.waits } };
  return createRelay(config, {
    ...parts,
    connect: createSmtpConnect({ ...parts, tls, openSocket: createOpenSocket(tls) }),
  });
}

/** Runs a synchronous property; a counterexample throws, with the seed to play it again. */
export function holds<Values extends [unknown, ...unknown[]]>(
  property: fc.IProperty<Values>,
  numRuns: number,
): void {
  void fc.assert(property, { numRuns });
}

export const BODY = 'Subject: hello\r\n\r\nA line.\r\n';

export function submissionOf(
  wanted: {
    readonly sender?: string;
    readonly recipients?: readonly string[];
    readonly body?: string | readonly Uint8Array[];
    readonly size?: number;
    readonly reportsAs?: string;
    readonly beforeDot?: Submission['beforeDot'];
    readonly signal?: AbortSignal;
  } = {},
): Submission {
  const body = wanted.body ?? BODY;
  const chunks = typeof body === 'string' ? [new TextEncoder().encode(body)] : body;
  return {
    envelope: {
      sender: wanted.sender ?? 'app@sender.example',
      recipients: wanted.recipients ?? ['one@rcpt.example'],
      size: wanted.size ?? chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      ...(wanted.reportsAs !== undefined && { reportsAs: wanted.reportsAs }),
    },
    async *message() {
      yield* chunks;
    },
    beforeDot: wanted.beforeDot ?? (() => Promise.resolve(true)),
    signal: wanted.signal ?? new AbortController().signal,
  };
}
