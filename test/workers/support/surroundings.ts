import { randomFillSync } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';
import { hashKey, mintKey } from '../../../src/mailroom/key-format.ts';
import { type ScriptedServer, startScriptedServer } from '../../support/scripted-smtp-server.ts';
import type {} from './provided.ts';
import { type Scripted, ScriptedServers } from './scripted-servers.ts';

/** Real SMTP servers in this process, for tests that run in another one. What they saw is read over HTTP. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { certificates } = project.getProvidedContext();
  const { hostOnly, wrongHost } = certificates;
  const random = (size: number): Uint8Array => randomFillSync(new Uint8Array(size));
  const other = mintKey({ prefix: 'mw_', account: 'other', random });
  project.provide('otherKey', other.token);

  const servers = {
    plain: await startScriptedServer(),
    starttls: await startScriptedServer({ security: 'starttls', certificate: hostOnly }),
    implicit: await startScriptedServer({ security: 'implicit', certificate: hostOnly }),
    starttlsWrongHost: await startScriptedServer({ security: 'starttls', certificate: wrongHost }),
    implicitWrongHost: await startScriptedServer({ security: 'implicit', certificate: wrongHost }),
    noStarttls: await startScriptedServer({
      security: 'starttls',
      certificate: hostOnly,
      offersStarttls: false,
    }),
  } as const satisfies Record<string, ScriptedServer>;
  const scripted = new ScriptedServers(certificates);
  const window = await openWindow(servers, scripted);

  const ports = Object.fromEntries(Object.entries(servers).map(([name, { port }]) => [name, port]));
  project.provide('servers', { ports, window: `http://127.0.0.1:${(window.address() as AddressInfo).port}` });
  project.provide('settings', {
    API_KEY: 'operator-key-for-tests-0001',
    SECRET_KEY: 'x'.repeat(40),
    PUBLIC_URL: 'https://mail.test',
    RATE_LIMIT: '0',
    DOMAINS: 'mine.example',
    RECEIVING_DOMAINS: 'mine.example',
    FORWARD_TO: 'away@there.example,boss@there.example',
    TRUSTED_AUTHSERV_IDS: 'mx.trusted.example',
    ACCOUNTS: `other:${other.publicId}:${await hashKey(other.token)}`,
    LOG_LEVEL: 'info',
    EGRESS_ALLOW: '127.0.0.1',
    RELAY_URL: [
      `smtp://user:pass@localhost:${servers.starttls.port}?name=first`,
      `smtps://user:pass@localhost:${servers.implicit.port}?name=second`,
      `smtps://user:pass@localhost:${servers.implicitWrongHost.port}?name=stranger`,
    ].join(','),
  });
  return async () => {
    await Promise.all([scripted.close(), ...Object.values(servers).map((server) => server.close())]);
    window.close();
    window.closeAllConnections();
  };
}

/**
 * `GET /NAME`: what the server saw. `GET /NAME?what=message&times=3` answers when it has seen that. `POST /`: starts a server
 * of these options, and answers its name and port; `DELETE /`: ends all that were started so.
 */
async function openWindow(
  servers: Readonly<Record<string, ScriptedServer>>,
  scripted: ScriptedServers,
): Promise<Server> {
  const answer = async (request: IncomingMessage, url: URL): Promise<unknown> => {
    if (request.method === 'POST') return scripted.start(JSON.parse(await text(request)) as Scripted);
    if (request.method === 'DELETE') return scripted.close();
    const name = url.pathname.slice(1);
    const server = servers[name] ?? scripted.servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    const what = url.searchParams.get('what') as Parameters<ScriptedServer['seen']>[0] | null;
    if (what !== null) await server.seen(what, Number(url.searchParams.get('times') ?? 1));
    const { log, messages, clearBytes, open } = server;
    return { log, messages, clearBytes, open, commands: server.commands() };
  };
  const window = createServer((request, response) => {
    answer(request, new URL(request.url ?? '/', 'http://window')).then(
      (seen) => response.setHeader('content-type', 'application/json').end(JSON.stringify(seen ?? null)),
      (cause: unknown) => response.writeHead(500).end(String(cause)),
    );
  });
  await new Promise<void>((resolve) => window.listen(0, '127.0.0.1', resolve));
  return window;
}
