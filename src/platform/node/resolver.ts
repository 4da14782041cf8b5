import { lookup, Resolver } from 'node:dns/promises';
import type { EgressDriver, Resolved } from '../../net/driver.ts';

/** Per question and server. Two tries make four seconds: the call's own deadline is for more than that. */
const QUESTION_MS = 2_000;
const TRIES = 2;

/**
 * Looks names up, IPv4 and IPv6, following aliases to their end.
 *
 * A name that a stranger chose is asked of the DNS servers directly. The system's own lookup would hold one of the process's
 * few threads for as long as that stranger's server likes to keep silent, and all file access with it; it also reads the
 * hosts file, which is no business of a stranger's. Names that the operator opened are the system's to look up.
 */
export function createResolve(parts: { readonly servers?: readonly string[] } = {}): EgressDriver['resolve'] {
  return ({ target, signal }) =>
    target.admits === 'global'
      ? ask(target.host, { signal, servers: parts.servers })
      : askSystem(target.host);
}

async function ask(
  host: string,
  { signal, servers }: { readonly signal: AbortSignal; readonly servers: readonly string[] | undefined },
): Promise<Resolved> {
  const resolver = new Resolver({ timeout: QUESTION_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // One of the two often fails where a server knows no IPv6. Only addresses that came and were judged are connected to.
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  signal.removeEventListener('abort', cancel);
  return found(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
}

async function askSystem(host: string): Promise<Resolved> {
  try {
    return found((await lookup(host, { all: true })).map(({ address }) => address));
  } catch {
    return found([]);
  }
}

function found(addresses: readonly string[]): Resolved {
  return addresses.length > 0 ? { ok: true, addresses } : { ok: false, failure: { kind: 'dns' } };
}
