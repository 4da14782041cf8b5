import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createGuesses } from '../../src/operator/guesses.ts';
import type { Deadlines } from '../../src/platform/node/deadlines.ts';
import { DEADLINES, isTooSlow } from '../../src/platform/node/deadlines.ts';
import { sha256 } from '../../src/platform/node/hasher.ts';
import type { HttpServer } from '../../src/platform/node/server.ts';
import { openServer } from '../../src/platform/node/server.ts';

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.close(0);
  server = null;
});

async function open(
  fetch: (request: Request) => Response | Promise<Response>,
  deadlines: Deadlines = DEADLINES,
): Promise<string> {
  const guesses = createGuesses({ monotonic: () => 0, digest: sha256 });
  const monotonic = (): number => performance.now();
  server = await openServer({ host: '127.0.0.1', port: 0, fetch, guesses, monotonic, deadlines });
  return `http://127.0.0.1:${server.address.port}`;
}

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(server?.address.port ?? 0, '127.0.0.1');
    let answer = '';
    socket.on('data', (piece) => (answer += piece));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.write(text);
  });
}

function flatBody(answer: string): unknown {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

describe('the HTTP server', () => {
  it('what is no HTTP request gets the one error body', async () => {
    await open(() => new Response('ok'));
    const answer = await raw('this is not HTTP\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(flatBody(answer)).toEqual({
      statusCode: 400,
      name: 'validation_error',
      message: expect.any(String),
    });
  });

  it.each([
    ['without a Host', 'GET / HTTP/1.1\r\n', 400],
    ['with an impossible Host', 'GET / HTTP/1.1\r\nHost: a b\r\n', 400],
    ['for *', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n', 400],
    ['with an expectation nobody knows', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n', 417],
  ])('a request %s gets the one error body too', async (_what, head, statusCode) => {
    await open(() => new Response('ok'));
    const answer = await raw(`${head}Connection: close\r\n\r\n`);
    expect(answer).toContain('application/json');
    expect(answer).toContain(`"statusCode":${statusCode}`);
  });

  it('headers over 16 KiB are refused in the same shape', async () => {
    await open(() => new Response('ok'));
    const answer = await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(flatBody(answer)).toMatchObject({ statusCode: 431, name: 'validation_error' });
  });

  it('while it stops, a request on a kept connection is answered 503 with Retry-After, and a running one is finished', async () => {
    const arrived = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const url = await open(async () => {
      arrived.resolve();
      await release.promise;
      return new Response('finished');
    });
    const running = fetch(`${url}/slow`);
    await arrived.promise;
    server?.refuse();
    const refused = await fetch(`${url}/late`);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ statusCode: 503, name: 'application_error' });
    const closed = server?.close(5_000);
    release.resolve();
    expect(await (await running).text()).toBe('finished');
    await closed;
    server = null;
  });

  it('threats §6 r3: a body that drips is too slow, one that is slow but fair is not', () => {
    expect(isTooSlow({ bytes: 10, elapsedMs: 9_000 }, DEADLINES)).toBe(false);
    expect(isTooSlow({ bytes: 10, elapsedMs: 10_001 }, DEADLINES)).toBe(true);
    expect(isTooSlow({ bytes: 11_000, elapsedMs: 10_001 }, DEADLINES)).toBe(false);
    expect(isTooSlow({ bytes: 100_000, elapsedMs: 200_000 }, DEADLINES)).toBe(true);
    expect(DEADLINES).toMatchObject({ headersMs: 10_000, requestMs: 600_000, bytesPerSecond: 1_024 });
  });

  it.each([
    ['without a body', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    [
      'whose body nobody reads',
      'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
    ],
  ])('a request %s is not too slow, however long its answer takes', async (_what, request) => {
    const seen = Promise.withResolvers<void>();
    let looks = 0;
    const guesses = createGuesses({ monotonic: () => 0, digest: sha256 });
    server = await openServer({
      host: '127.0.0.1',
      port: 0,
      guesses,
      // Asked once at the request and then at each look: an hour later every time.
      monotonic: () => {
        looks += 1;
        if (looks > 3) seen.resolve();
        return looks * 3_600_000;
      },
      deadlines: { ...DEADLINES, lookEveryMs: 10 },
      fetch: async () => {
        await seen.promise;
        return new Response('an answer');
      },
    });
    expect(await raw(request)).toContain('an answer');
  });

  it('threats §6 r3: a connection whose body drips is ended, and others are answered meanwhile', async () => {
    const url = await open(async (request) => new Response(await request.text()), {
      ...DEADLINES,
      graceMs: 50,
      lookEveryMs: 20,
    });
    const dripping = raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx');
    expect(await (await fetch(url, { method: 'POST', body: 'quick' })).text()).toBe('quick');
    expect(await dripping).toBe('');
  });

  it('threats §6 r3: headers that do not come to an end are answered 408', async () => {
    await open(() => new Response('ok'), { ...DEADLINES, headersMs: 50, lookEveryMs: 20 });
    const answer = await raw('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expect(flatBody(answer)).toMatchObject({ statusCode: 408, name: 'validation_error' });
  });

  it('threats §6 r3: a caller that was answered 408 and does not hang up is hung up on', async () => {
    await open(() => new Response('ok'), { ...DEADLINES, headersMs: 50, lookEveryMs: 20 });
    const socket = connect({ port: server?.address.port ?? 0, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    socket.resume();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await once(socket, 'end');
    // Its own side is still open. Once the connection is gone, what it writes is answered by a reset.
    const dripping = setInterval(() => socket.write('x'), 50);
    await closed;
    clearInterval(dripping);
    expect(socket.destroyed).toBe(true);
  });
});
