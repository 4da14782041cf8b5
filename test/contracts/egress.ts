import { describe, expect, it } from 'vitest';
import type { EgressResult } from '../../src/net/egress.ts';
import { exchange } from '../../src/net/exchange.ts';
import { Caller, type EgressHarness, requestOf, unique } from './egress/caller.ts';
import { limitsContract } from './egress/limits.ts';
import { redirectsContract } from './egress/redirects.ts';
import { refusalsContract } from './egress/refusals.ts';

/** What every egress promises, whatever it is made of. */
export function egressContract(name: string, harness: EgressHarness): void {
  const caller = new Caller(harness);
  describe(`the egress of ${name}`, () => {
    refusalsContract(caller);
    redirectsContract(caller);
    limitsContract(caller);

    it.each([200, 204, 304, 400, 404, 410, 429, 500, 503])('an answer is an answer: %i', async (status) => {
      const got = await caller.get('webhook', `/status/${status}`);
      const text = got.ok ? new TextDecoder().decode(got.bytes) : got;
      expect(got).toMatchObject({ ok: true, status, url: `${caller.origin}/status/${status}` });
      expect(text).toBe(status === 204 || status === 304 ? '' : `status ${status}`);
    });

    it('a request arrives once and as it was given, and asks for no compression', async () => {
      const path = unique('/status/200');
      const body = '{"type":"email.delivered","name":"J\u00fcrgen"}';
      await caller.get('webhook', path, {
        headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
        body: new TextEncoder().encode(body),
      });
      const { count, last } = await caller.stub.requests(path);
      expect(count).toBe(1);
      expect(last).toMatchObject({ method: 'POST', body });
      expect(last.headers).toMatchObject({
        host: `localhost:${caller.stub.port}`,
        'content-type': 'application/json',
        'content-length': String(new TextEncoder().encode(body).length),
        'webhook-id': 'msg_1',
        'accept-encoding': 'identity',
        'user-agent': 'Mailwright',
      });
    });

    it('the appointment with the deadline is taken back when all has been read', async () => {
      const { clock, egress } = caller.open();
      await exchange(egress, requestOf('attachment', `${caller.origin}/bytes/1000`));
      expect(clock.pending).toBe(0);
      const unread = await egress.fetch(requestOf('attachment', `${caller.origin}/endless`));
      expect(clock.pending).toBe(1);
      if (unread.ok) unread.answer.discard();
      expect(clock.pending).toBe(0);
      await egress.fetch(requestOf('attachment', `${caller.inside}/bytes/1000`));
      await egress.fetch(requestOf('attachment', `${caller.origin}/loop`));
      expect(clock.pending).toBe(0);
    });

    it("the caller's own signal ends a call, before it and in it", async () => {
      const { clock, egress } = caller.open();
      const path = unique('/silent');
      const control = new AbortController();
      const calling = exchange(
        egress,
        requestOf('webhook', caller.origin + path, { signal: control.signal }),
      );
      await caller.stub.seen(path);
      control.abort();
      expect(await calling).toEqual({ ok: false, failure: { kind: 'aborted' }, status: null });
      const late = await exchange(
        egress,
        requestOf('webhook', caller.origin + path, { signal: control.signal }),
      );
      expect(late).toMatchObject({ failure: { kind: 'aborted' } });
      expect((await caller.stub.requests(path)).count).toBe(1);
      expect(clock.pending).toBe(0);
    });

    it.each([
      ['/reset', null],
      ['/garbage', null],
      ['/short', 200],
    ])('an answer that breaks off is none: %s', async (path, status) => {
      const got = await caller.get('webhook', path);
      expect(got).toMatchObject({ ok: false, status });
      expect(got.ok ? '' : got.failure.kind).toMatch(status === null ? /^(?:answer|connect)$/ : /^answer$/);
    });

    it('nobody listening is a failure to connect', async () => {
      const { egress } = caller.open();
      const result = await egress.fetch(requestOf('webhook', 'http://localhost:65534/'));
      expect(result).toEqual({ ok: false, failure: { kind: 'connect' } } satisfies EgressResult);
    });

    const { secure } = harness;
    if (secure !== undefined) {
      it('a certificate for the name is accepted, one for another name or of a stranger is not', async () => {
        const call = (port: number) =>
          exchange(caller.open().egress, requestOf('webhook', `https://localhost:${port}/status/200`));
        expect(await call(secure.good)).toMatchObject({ ok: true, status: 200 });
        for (const port of [secure.wrongHost, secure.unknownAuthority]) {
          const got = await call(port);
          expect(got).toMatchObject({ ok: false, status: null });
          expect(got.ok ? '' : got.failure.kind).toMatch(/^(?:tls|connect)$/);
        }
      });

      it('threats §5 r11: a redirect from https to http is refused, also where http is allowed', async () => {
        const path = unique('/bytes/1');
        const to = encodeURIComponent(caller.origin + path);
        const url = `https://localhost:${secure.good}/redirect/302?to=${to}`;
        const got = await exchange(caller.open().egress, requestOf('attachment', url));
        expect(got).toMatchObject({ ok: false, failure: { kind: 'refused', rule: 'scheme', hop: 1 } });
        expect((await harness.requests(path)).count).toBe(0);
      });
    }

    it('a range opens its addresses, and names that lead to one', async () => {
      const { egress } = caller.open('127.0.0.0/8');
      for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost']) {
        const got = await exchange(
          egress,
          requestOf('webhook', `http://${host}:${caller.stub.port}/status/202`),
        );
        expect(got, host).toMatchObject({ ok: true, status: 202 });
      }
    });
  });
}
