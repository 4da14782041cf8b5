import type { RelayHarness } from '../../contracts/relay.ts';
import type { Certificates } from '../../support/certificates.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-smtp-server.ts';

/** Options of a server as they come over HTTP. */
export type Scripted = Parameters<RelayHarness['server']>[0];

/** Servers that tests inside workerd ask for one by one. */
export class ScriptedServers {
  readonly servers = new Map<string, ScriptedServer>();
  readonly #certificates: Certificates;

  constructor(certificates: Certificates) {
    this.#certificates = certificates;
  }

  async start({
    certificate = 'good',
    ...options
  }: Scripted): Promise<{ readonly name: string; readonly port: number }> {
    const server = await startScriptedServer({ ...options, certificate: this.#certificates[certificate] });
    const name = `scripted-${server.port}`;
    this.servers.set(name, server);
    return { name, port: server.port };
  }

  async close(): Promise<void> {
    const servers = [...this.servers.values()];
    this.servers.clear();
    await Promise.all(servers.map((server) => server.close()));
  }
}
