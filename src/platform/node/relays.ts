import { join } from 'node:path';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import { NODE_WAITS } from '../../relay/patience.ts';
import { createRelay } from '../../relay/pool.ts';
import type { Relay, RelayConfig } from '../../relay/relay.ts';
import { createSmtpConnect } from '../../relay/smtp.ts';
import type { CatchAll, Circle } from './catch-all.ts';
import { openCatchAll } from './catch-all.ts';
import { clock } from './host.ts';
import { newId } from './ids.ts';
import { createOpenSocket, relayTls } from './socket.ts';

/** What the built-in catch-all is called in events and in GET /health. */
const CAUGHT = 'caught';
const CAUGHT_CONNECTIONS = 4;
/** Our own relay has left by then. */
const CAUGHT_WITHIN_MS = 1_000;

export interface Relays {
  readonly all: readonly Relay[];
  /** The listener behind the relay `caught`; null when there are relays of the operator's. */
  readonly catchAll: CatchAll | null;
  /** Bytes that one of the relays takes at least, where all have told what they take; else null. */
  sizeLimit(): number | null;
  close(): Promise<void>;
}

/** The relays of RELAY_URL, or the one that leads to the built-in catch-all, over SMTP like any other. */
export async function openRelays(
  settings: Settings,
  parts: { readonly account: string; readonly circle: () => Circle | null; readonly log: Log },
): Promise<Relays> {
  const folder = join(settings.DATA_DIR, 'caught');
  const catchAll =
    settings.relays === null ? await openCatchAll({ ...parts, folder, clock: clock.now, newId }) : null;
  const configs = settings.relays ?? (catchAll === null ? [] : [caughtConfig(catchAll, settings.ehloName)]);
  const tls = relayTls();
  // Waits are measured, not dated: a wall clock that is set must not cut a connection short.
  const time = { now: clock.monotonic, after: clock.after };
  const connect = createSmtpConnect({
    openSocket: createOpenSocket(tls),
    tls,
    clock: time,
    waits: NODE_WAITS,
  });
  const all = configs.map((config) => createRelay(config, { connect, clock: time, waits: NODE_WAITS }));
  return {
    all,
    catchAll,
    sizeLimit() {
      const sizes = all.map(({ maxSize }) => maxSize?.() ?? null);
      const known = sizes.filter((size) => size !== null);
      return known.length < sizes.length ? null : Math.max(...known);
    },
    async close() {
      await Promise.all(all.map((relay) => relay.close()));
      await catchAll?.close(CAUGHT_WITHIN_MS);
    },
  };
}

function caughtConfig({ host, port }: CatchAll, ehloName: string): RelayConfig {
  return {
    name: CAUGHT,
    endpoints: [{ host, port, security: 'none' }],
    credentials: null,
    connections: CAUGHT_CONNECTIONS,
    rate: null,
    ehloName,
  };
}
