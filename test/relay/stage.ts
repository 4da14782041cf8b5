import { afterEach } from 'vitest';
import type { Relay } from '../../src/relay/relay.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import type { ServerOptions } from '../support/smtp-script.ts';
import { type RelayCall, relayTo } from './support.ts';

/** A relay, the server it speaks to, and the time that passes for it. */
export interface Stage {
  readonly clock: ManualClock;
  readonly server: ScriptedServer;
  readonly relay: Relay;
}

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** In the clear and without credentials unless told otherwise. Taken down after the test. */
export async function setStage(options: ServerOptions = {}, call: Partial<RelayCall> = {}): Promise<Stage> {
  const clock = createManualClock();
  const server = await startScriptedServer(options);
  const relay = await relayTo({ clock, port: server.port, ...call });
  closers.push(
    () => server.close(),
    () => relay.close(),
  );
  return { clock, server, relay };
}

/** For what a test has opened beside the stage. */
export function closeAfterwards(thing: { close(): Promise<void> }): void {
  closers.push(() => thing.close());
}

export function connectionsOf(server: ScriptedServer): number {
  return server.log.filter(({ what }) => what === 'connect').length;
}
