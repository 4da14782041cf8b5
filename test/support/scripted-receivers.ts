import type { After } from '../../src/net/deadline.ts';
import type { Egress, EgressRequest, EgressResult } from '../../src/net/egress.ts';
import type { Sealer } from '../../src/secrets/sealer.ts';
import { mintSecret } from '../../src/secrets/signature.ts';

/** A status, with headers if it must be; or nothing until the time is over. */
export type Reaction =
  | number
  | { readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | 'hang';

/** The outside world of webhooks: answers as told, and keeps what came. */
export interface ScriptedReceivers {
  readonly egress: Egress;
  readonly sealer: Sealer;
  /** Every call, in order. */
  readonly calls: EgressRequest[];
  script: (request: EgressRequest) => Reaction;
  /** Calls to this host, by the ids of their events. */
  idsAt(host: string): readonly string[];
  /** Calls that have not ended. */
  readonly open: number;
  /** Work of the runtime's own threads that no timer of a test knows about. */
  isBusy(): boolean;
}

/** Nothing is hidden: what is kept is what is at hand. */
export const SECRET = mintSecret((size) => new Uint8Array(size).fill(1));

export function scriptedReceivers(after: After): ScriptedReceivers {
  let signing = 0;
  let open = 0;
  const receivers: ScriptedReceivers = {
    calls: [],
    script: () => 200,
    idsAt: (host) =>
      receivers.calls
        .filter(({ url }) => new URL(url).hostname === host)
        .map(({ headers }) => headers['webhook-id'] ?? ''),
    get open() {
      return open;
    },
    isBusy: () => signing > 0,
    sealer: {
      seal: async (secret) => secret,
      open: async (sealed) => {
        signing += 1;
        return sealed;
      },
    },
    egress: {
      check: async () => null,
      async fetch(request) {
        signing -= 1;
        open += 1;
        receivers.calls.push(request);
        try {
          return await react(receivers.script(request), request, after);
        } finally {
          open -= 1;
        }
      },
    },
  };
  return receivers;
}

async function react(reaction: Reaction, request: EgressRequest, after: After): Promise<EgressResult> {
  if (reaction !== 'hang') {
    const { status, headers } = typeof reaction === 'number' ? { status: reaction, headers: {} } : reaction;
    const answer = {
      status,
      headers: new Map(Object.entries(headers)),
      url: request.url,
      body: once(new TextEncoder().encode(`said ${status}`)),
      discard: () => undefined,
    };
    return { ok: true, answer };
  }
  return new Promise((resolve) => {
    const ms = request.withinMs;
    const cancel = after(ms, () => resolve({ ok: false, failure: { kind: 'timeout', stage: 'answer', ms } }));
    request.signal?.addEventListener('abort', () => {
      cancel();
      resolve({ ok: false, failure: { kind: 'aborted' } });
    });
  });
}

async function* once(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece;
}
