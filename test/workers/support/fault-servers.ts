import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { allCells, type Cell } from '../../faults/matrix-table.ts';
import { FAULTS } from '../../relay/fault-table.ts';
import type { Certificates } from '../../support/certificates.ts';
import { refusedPort, type ScriptedServer, startScriptedServer } from '../../support/scripted-smtp-server.ts';
import type {} from './provided.ts';

/** A relay with a fault of its own for each cell of the matrix, in this process; the tests run in another one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { certificates } = project.getProvidedContext();
  const servers = await Promise.all(allCells().map((cell) => FaultServer.open(cell, certificates)));
  const window = createServer((request, response) => {
    const [, verb = '', number = ''] = (request.url ?? '').split('/');
    const server = servers[Number(number)];
    const answer = server === undefined ? Promise.reject(new Error('no such cell')) : server.ask(verb);
    answer.then(
      (told) => response.end(JSON.stringify(told)),
      (cause: unknown) => response.writeHead(500).end(String(cause)),
    );
  });
  await new Promise<void>((resolve) => window.listen(0, '127.0.0.1', resolve));
  project.provide('servers', {
    ports: {},
    window: `http://127.0.0.1:${(window.address() as AddressInfo).port}`,
  });
  project.provide('settings', {
    API_KEY: 'operator-key-for-tests-0001',
    SECRET_KEY: 'x'.repeat(40),
    PUBLIC_URL: 'https://mail.test',
    RATE_LIMIT: '0',
    DOMAINS: 'mine.example',
    LOG_LEVEL: 'error',
    RELAY_URL: servers.map((server, number) => server.url(`cell-${number}`)).join(','),
  });
  return async () => {
    await Promise.all(servers.map((server) => server.close()));
    window.close();
    window.closeAllConnections();
  };
}

class FaultServer {
  readonly #cell: Cell;
  readonly #certificates: Certificates;
  #port = 0;
  #server: ScriptedServer | null = null;
  #isWell = false;

  private constructor(cell: Cell, certificates: Certificates) {
    this.#cell = cell;
    this.#certificates = certificates;
  }

  static async open(cell: Cell, certificates: Certificates): Promise<FaultServer> {
    const one = new FaultServer(cell, certificates);
    if (cell.fault === 'refuse') one.#port = await refusedPort();
    else await one.#listen();
    return one;
  }

  async #listen(): Promise<void> {
    const { security, step, fault } = this.#cell;
    const scripted = fault === 'refuse' ? null : FAULTS[fault];
    this.#server = await startScriptedServer({
      security,
      port: this.#port,
      certificate: this.#certificates.hostOnly,
      // Early in it: what is written while the fault is on its way must not be all of it.
      bodyFaultAt: 0.02,
      script: scripted === null ? {} : { [step]: () => (this.#isWell ? null : scripted) },
    });
    this.#port = this.#server.port;
  }

  url(name: string): string {
    const { security } = this.#cell;
    const scheme = security === 'implicit' ? 'smtps' : 'smtp';
    const query = `?name=${name}${security === 'none' ? '&tls=none' : ''}`;
    return `${scheme}://user:pass@localhost:${this.#port}${query}`;
  }

  /** `still`: answers when it keeps silent. `well`: from now on it is as usual. `copies`: what it has taken. */
  async ask(verb: string): Promise<number | null> {
    switch (verb) {
      case 'still':
        await Promise.race([this.#server?.seen('hang'), this.#server?.seen('drip')]);
        return null;
      case 'well':
        this.#isWell = true;
        if (this.#server === null) await this.#listen();
        return null;
      default:
        return this.#server?.messages.length ?? 0;
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
