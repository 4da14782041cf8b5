import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startWebStub, type WebStub } from '../../support/web-stub.ts';

/** A real web server in this process, for tests that run in another one. What it saw is read over HTTP. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stub = await startWebStub();
  const { good, wrongHost, unknownAuthority } = project.getProvidedContext().certificates;
  const secure = {
    good: await startWebStub({ certificate: good }),
    wrongHost: await startWebStub({ certificate: wrongHost }),
    unknownAuthority: await startWebStub({ certificate: unknownAuthority }),
  };
  const window = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://window');
    void look(stub, url).then((seen) => response.end(JSON.stringify(seen)));
  });
  await new Promise<void>((resolve) => window.listen(0, '127.0.0.1', resolve));
  const { port } = window.address() as AddressInfo;
  project.provide('web', {
    port: stub.port,
    window: `http://127.0.0.1:${port}`,
    secure: {
      good: secure.good.port,
      wrongHost: secure.wrongHost.port,
      unknownAuthority: secure.unknownAuthority.port,
    },
  });
  return async () => {
    window.close();
    window.closeAllConnections();
    await Promise.all([stub, ...Object.values(secure)].map((one) => one.close()));
  };
}

/** `/connections`; `/seen?path=P` answers when P has been asked for; `/requests?path=P`. */
async function look(stub: WebStub, { pathname, searchParams }: URL): Promise<unknown> {
  const path = searchParams.get('path') ?? '';
  if (pathname === '/connections') return stub.connections;
  if (pathname === '/seen') await stub.seen(path);
  const found = stub.requests.filter((request) => request.path === path);
  return { count: found.length, last: found.at(-1) ?? { method: '', headers: {}, body: '' } };
}
