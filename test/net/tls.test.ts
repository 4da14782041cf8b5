import { createServer } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { exchange } from '../../src/net/exchange.ts';
import type { Certificates } from '../support/certificates.ts';
import { zone } from '../support/dns-stub.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { GET, openEgress } from './open-egress.ts';
import { call, hostOf, ThisMachine } from './this-machine.ts';

const machine = new ThisMachine();
afterAll(() => machine.close());

describe('threats §5 r8: TLS is with the name, not with the address', () => {
  const urlAt = async (host: string, name: Exclude<keyof Certificates, 'ca'>) =>
    `https://${host}:${(await machine.secure(name)).port}/status/200`;

  test('the certificate of the name is accepted, and Host and SNI are the name', async () => {
    const server = await machine.dns(zone({ 'elsewhere.example': ['127.0.0.1'] }));
    expect(
      await call(await urlAt('elsewhere.example', 'wrongHost'), { server, allow: '127.0.0.1' }),
    ).toMatchObject({
      ok: true,
    });
    const elsewhere = await machine.secure('wrongHost');
    expect(hostOf(elsewhere.requests.at(-1))).toBe(`elsewhere.example:${elsewhere.port}`);
    expect(elsewhere.serverNames.at(-1)).toBe('elsewhere.example');
  });

  test.each(['wrongHost', 'expired', 'selfSigned', 'unknownAuthority', 'noNames'] as const)(
    'a certificate that is not good is refused: %s',
    async (name) => {
      expect(await call(await urlAt('localhost', name), { allow: 'localhost' })).toEqual({
        ok: false,
        failure: { kind: 'tls', certificate: true },
        status: null,
      });
      expect(
        (await machine.secure(name)).requests.filter((request) => hostOf(request)?.startsWith('localhost')),
      ).toEqual([]);
    },
  );

  test('a certificate for the address does not stand for the name', async () => {
    const server = await machine.dns(zone({ 'hook.example.com': ['127.0.0.1'] }));
    expect(await call(await urlAt('hook.example.com', 'good'), { server, allow: '127.0.0.1' })).toMatchObject(
      {
        failure: { kind: 'tls', certificate: true },
      },
    );
    expect(await call(await urlAt('127.0.0.1', 'good'), { server, allow: '127.0.0.1' })).toMatchObject({
      ok: true,
    });
    expect((await machine.secure('good')).serverNames.at(-1)).toBe('');
  });

  test('threats §5 r13: a port that speaks no TLS says nothing about itself', async () => {
    const egress = openEgress({ allow: 'localhost', after: createManualClock().after });
    const url = `https://localhost:${(await machine.inside()).port}/`;
    expect(await exchange(egress, { ...GET, url })).toMatchObject({
      failure: { kind: 'tls', certificate: false },
    });
  });

  test('threats §5 r12: a handshake that never ends does not outlive the deadline', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<void>((resolve) => silent.once('connection', () => resolve()));
    const clock = createManualClock();
    const egress = openEgress({ allow: 'localhost', after: clock.after });
    const { port } = silent.address() as { port: number };
    const calling = exchange(egress, { ...GET, url: `https://localhost:${port}/` });
    await accepted;
    clock.advance(15_000);
    expect(await calling).toMatchObject({ failure: { kind: 'timeout', stage: 'answer' } });
    silent.close();
  });
});
