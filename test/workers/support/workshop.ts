import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-smtp-server.ts';
import { startWebStub, type WebStub } from '../../support/web-stub.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** Everything one test starts, ended in the reverse order. */
export class Workshop {
  readonly #cleanup: (() => Promise<unknown>)[] = [];

  async relay(options?: Parameters<typeof startScriptedServer>[0]): Promise<ScriptedServer> {
    const server = await startScriptedServer(options);
    this.#cleanup.push(() => server.close());
    return server;
  }

  async web(): Promise<WebStub> {
    const stub = await startWebStub();
    this.#cleanup.push(() => stub.close());
    return stub;
  }

  /** Settings of a Worker with a port and a folder of its own. */
  async settings(relayUrl: string): Promise<Readonly<Record<string, string>>> {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-worker-'));
    this.#cleanup.push(() => rm(folder, { recursive: true, force: true }));
    return {
      PORT: String(await freePort()),
      DATA_DIR: folder,
      RELAY_URL: relayUrl,
      DOMAINS: 'mine.example',
      RATE_LIMIT: '0',
    };
  }

  async worker(settings: Readonly<Record<string, string>>): Promise<WorkerProcess> {
    const worker = await startWorker(settings);
    this.#cleanup.push(() => worker.kill().catch(() => {}));
    return worker;
  }

  onClose(step: () => Promise<unknown>): void {
    this.#cleanup.push(step);
  }

  async close(): Promise<void> {
    for (const step of this.#cleanup.splice(0).toReversed()) await step();
  }
}

/** Sends one mail; answers its id, or null when no 2xx was heard. */
export async function send(
  { url, token }: WorkerProcess,
  to: string,
  change: Readonly<Record<string, unknown>> = {},
): Promise<string | null> {
  try {
    const response = await fetch(`${url}/emails`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ from: 'me@mine.example', to, subject: to, text: 'Hello', ...change }),
    });
    return response.ok ? ((await response.json()) as { id: string }).id : null;
  } catch {
    return null;
  }
}

/** Makes something by POST; answers what the API says of it. */
export async function made(
  { url, token }: WorkerProcess,
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

export async function read({ url, token }: WorkerProcess, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()) as Record<string, unknown>;
}
