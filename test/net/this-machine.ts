import { type Exchange, exchange } from '../../src/net/exchange.ts';
import { type Certificates, certificates } from '../support/certificates.ts';
import { type DnsStub, type Question, type StubReply, startDnsStub } from '../support/dns-stub.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { type SeenRequest, startWebStub, type WebStub } from '../support/web-stub.ts';
import { GET, openEgress } from './open-egress.ts';

/** Servers on loopback for the tests of one file, each started when it is first asked for. */
export class ThisMachine {
  readonly #web = new Map<string, Promise<WebStub>>();
  readonly #dns: DnsStub[] = [];

  /** Speaks plain HTTP: what must never be reached. */
  inside(): Promise<WebStub> {
    return this.#started('', async () => startWebStub());
  }

  secure(name: Exclude<keyof Certificates, 'ca'>): Promise<WebStub> {
    return this.#started(name, async () => startWebStub({ certificate: (await certificates())[name] }));
  }

  async dns(reply: (question: Question) => StubReply): Promise<DnsStub> {
    const stub = await startDnsStub(reply);
    this.#dns.push(stub);
    return stub;
  }

  async close(): Promise<void> {
    for (const stub of this.#dns) stub.close();
    await Promise.all([...this.#web.values()].map(async (stub) => (await stub).close()));
  }

  #started(name: string, start: () => Promise<WebStub>): Promise<WebStub> {
    const stub = this.#web.get(name) ?? start();
    this.#web.set(name, stub);
    return stub;
  }
}

/** One call, with names looked up at `server` and the test's authority trusted. */
export async function call(
  url: string,
  { server, allow = '' }: { readonly server?: DnsStub; readonly allow?: string },
): Promise<Exchange> {
  const egress = openEgress({
    allow,
    after: createManualClock().after,
    ca: (await certificates()).ca,
    ...(server === undefined ? {} : { servers: [server.address] }),
  });
  return exchange(egress, { ...GET, url });
}

export function hostOf(request: SeenRequest | undefined): string | undefined {
  const { host } = request?.headers ?? {};
  return host;
}
