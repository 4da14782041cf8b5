import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestPlain,
} from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { type Address, printAddress } from '../../net/address.ts';
import type { EgressDriver, Exchanged } from '../../net/driver.ts';
import { isTlsMisconfiguration } from '../../relay/tls-fault.ts';

/** Bytes of an answer's headers, and of its trailers. */
const MAX_HEADER_BYTES = 16_384;

/** Answers of 1xx before the real one: they may be sent without end, and each costs a little. */
const MAX_INTERIM = 8;

/**
 * HTTP over sockets that go to judged addresses and nowhere else: the name is not looked up again. TLS, SNI, `Host` and
 * the certificate are the original name's.
 *
 * The agents are our own, without keep-alive and without a proxy: the global ones take proxies from the environment, and
 * a connection that is kept would outlive what was judged.
 */
export function createNodeDriver(parts: {
  readonly resolve: EgressDriver['resolve'];
  /** As for a relay: there is no setting to weaken it. */
  readonly tls: ConnectionOptions;
}): EgressDriver {
  const secureAgent = new HttpsAgent({ ...parts.tls, keepAlive: false });
  const plainAgent = new HttpAgent({ keepAlive: false });
  return {
    resolve: parts.resolve,
    exchange({ target, addresses, method, headers, body, signal }) {
      const url = new URL(target.url);
      const options = {
        host: target.host,
        port: target.port,
        path: url.pathname + url.search,
        method,
        headers: { ...headers, host: url.host },
        lookup: held(addresses),
        autoSelectFamily: true,
        insecureHTTPParser: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        signal,
      };
      return answered(
        target.secure
          ? // RFC 6066 §3: an address is no server name.
            requestTls({
              ...options,
              ...parts.tls,
              agent: secureAgent,
              servername: target.address === null ? target.host : '',
            })
          : requestPlain({ ...options, agent: plainAgent }),
        body,
      );
    },
  };
}

/** A lookup that knows its answer. Node tries the addresses in turn, each until the next may begin. */
function held(addresses: readonly Address[]): LookupFunction {
  const entries = addresses.map((address) => ({
    address: printAddress(address),
    family: address.bits === 32 ? 4 : 6,
  }));
  return (host, { all }, done) => {
    const [first] = entries;
    if (first === undefined) done(new Error(`no judged address for ${host}`), []);
    else if (all) done(null, entries);
    else done(null, first.address, first.family);
  };
}

function answered(request: ClientRequest, body: Uint8Array | null): Promise<Exchanged> {
  return new Promise((resolve) => {
    let stage: 'connect' | 'tls' | 'answer' = 'connect';
    let interim = 0;
    request.once('socket', (socket) => {
      const isSecure = 'encrypted' in socket;
      socket.once('connect', () => {
        stage = isSecure ? 'tls' : 'answer';
      });
      (socket as TLSSocket).once('secureConnect', () => {
        stage = 'answer';
      });
    });
    request.on('information', () => {
      interim += 1;
      if (interim > MAX_INTERIM) request.destroy(new Error('interim answers without end'));
    });
    request.once('response', (response) => resolve(answer(request, response)));
    const fail = (code: string): void => {
      // A port that speaks no TLS is as silent about itself as a closed one.
      const certificate = isTlsMisconfiguration(code) && !/^(?:ERR_SSL_|EPROTO$)/.test(code);
      resolve({ ok: false, failure: stage === 'tls' ? { kind: 'tls', certificate } : { kind: stage } });
    };
    // Stays on for good: an error after the answer has begun reaches whoever reads it, and must not end the process.
    request.on('error', ({ code }: NodeJS.ErrnoException) => fail(code ?? ''));
    // An answer that changes the protocol (101) ends without an error.
    request.once('close', () => fail(''));
    request.end(body ?? undefined);
  });
}

function answer(request: ClientRequest, response: IncomingMessage): Exchanged {
  const headers = Object.entries(response.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')] as const],
  );
  return {
    ok: true,
    status: response.statusCode ?? 0,
    headers: new Map(headers),
    body: response,
    close: () => request.destroy(),
  };
}
