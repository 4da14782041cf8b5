import { describe, expect, it } from 'vitest';
import type { After } from '../../src/net/deadline.ts';
import type { Egress, EgressRequest, EgressResult, Purpose } from '../../src/net/egress.ts';
import { BrokenBody } from '../../src/net/egress.ts';
import { exchange } from '../../src/net/exchange.ts';
import { createManualClock } from '../support/manual-clock.ts';

/** A web stub on this machine (`test/support/web-stub.ts`), and an egress that may reach it by name and not by address. */
export interface EgressHarness {
  /** Port of the stub. */
  readonly port: number;
  /** An egress of the driver under test, with EGRESS_ALLOW as given. */
  egress(parts: { readonly allow: string; readonly after: After }): Egress;
  /** Connections the stub has ever had. */
  connections(): Promise<number>;
  /** Resolves when the stub has had a request for this path. */
  seen(path: string): Promise<void>;
  /** How many requests for this path there were, and the last of them. */
  requests(path: string): Promise<{
    readonly count: number;
    readonly last: {
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };
  }>;
}

const REDIRECTS = [301, 302, 303, 307, 308];
const WITHIN_MS = 15_000;
const MAX_BYTES = 65_536;

let serial = 0;

/** What every egress promises, whatever it is made of. */
export function egressContract(name: string, harness: EgressHarness): void {
  const origin = `http://localhost:${harness.port}`;
  /** The same server under an address that is not allowed. */
  const inside = `http://127.0.0.1:${harness.port}`;

  /** A path that no other test asks for. */
  const unique = (path: string): string => {
    serial += 1;
    return `${path}${path.includes('?') ? '&' : '?'}n=${serial}`;
  };
  const call = (purpose: Purpose, url: string, more: Partial<EgressRequest> = {}): EgressRequest => ({
    purpose,
    url,
    method: purpose === 'webhook' ? 'POST' : 'GET',
    headers: {},
    body: null,
    withinMs: WITHIN_MS,
    maxBytes: MAX_BYTES,
    ...more,
  });
  const open = (allow = 'localhost') => {
    const clock = createManualClock();
    return { clock, egress: harness.egress({ allow, after: clock.after }) };
  };
  const get = async (purpose: Purpose, path: string, more: Partial<EgressRequest> = {}) =>
    exchange(open().egress, call(purpose, origin + path, more));

  describe(`the egress of ${name}`, () => {
    it.each([200, 204, 304, 400, 404, 410, 429, 500, 503])('an answer is an answer: %i', async (status) => {
      const got = await get('webhook', `/status/${status}`);
      const text = got.ok ? new TextDecoder().decode(got.bytes) : got;
      expect(got).toMatchObject({ ok: true, status, url: `${origin}/status/${status}` });
      expect(text).toBe(status === 204 || status === 304 ? '' : `status ${status}`);
    });

    it('a request arrives once and as it was given, and asks for no compression', async () => {
      const path = unique('/status/200');
      const body = '{"type":"email.delivered","name":"J\u00fcrgen"}';
      await get('webhook', path, {
        headers: { 'content-type': 'application/json', 'webhook-id': 'msg_1' },
        body: new TextEncoder().encode(body),
      });
      const { count, last } = await harness.requests(path);
      expect(count).toBe(1);
      expect(last).toMatchObject({ method: 'POST', body });
      expect(last.headers).toMatchObject({
        host: `localhost:${harness.port}`,
        'content-type': 'application/json',
        'content-length': String(new TextEncoder().encode(body).length),
        'webhook-id': 'msg_1',
        'accept-encoding': 'identity',
        'user-agent': 'Mailwright',
      });
    });

    it('the appointment with the deadline is taken back when all has been read', async () => {
      const { clock, egress } = open();
      await exchange(egress, call('attachment', `${origin}/bytes/1000`));
      expect(clock.pending).toBe(0);
      const unread = await egress.fetch(call('attachment', `${origin}/endless`));
      expect(clock.pending).toBe(1);
      if (unread.ok) unread.answer.discard();
      expect(clock.pending).toBe(0);
      await egress.fetch(call('attachment', `${inside}/bytes/1000`));
      await egress.fetch(call('attachment', `${origin}/loop`));
      expect(clock.pending).toBe(0);
    });

    describe('threats §5 r10: a redirect of a webhook is a failure and is not followed', () => {
      it.each(REDIRECTS)('%i', async (status) => {
        for (const to of [origin, inside]) {
          const path = unique('/bytes/1');
          const got = await get('webhook', `/redirect/${status}?to=${encodeURIComponent(to + path)}`);
          expect(got).toMatchObject({ ok: true, status });
          expect((await harness.requests(path)).count).toBe(0);
        }
      });
    });

    describe('threats §5 r11: each hop of an attachment is judged like the first', () => {
      it.each(REDIRECTS)('%i to a place that is allowed is followed, without our headers', async (status) => {
        const path = unique('/bytes/7');
        const got = await get('attachment', `/redirect/${status}?to=${encodeURIComponent(path)}`, {
          headers: { 'x-ours': 'secret' },
        });
        expect(got).toMatchObject({ ok: true, status: 200, url: origin + path });
        const { last } = await harness.requests(path);
        expect(last.method).toBe('GET');
        expect(last.headers['x-ours']).toBeUndefined();
        expect(last.headers['accept-encoding']).toBe('identity');
      });

      it.each(REDIRECTS)('%i to a private place is refused before a connection', async (status) => {
        const path = unique('/bytes/1');
        const before = await harness.connections();
        const got = await get('attachment', `/redirect/${status}?to=${encodeURIComponent(inside + path)}`);
        expect(got).toMatchObject({ ok: false, failure: { kind: 'refused', rule: 'address', hop: 1 } });
        expect((await harness.requests(path)).count).toBe(0);
        expect(await harness.connections()).toBeLessThanOrEqual(before + 1);
      });

      it.each([
        ['http://[::1]:8080/', 'address'],
        ['//10.0.0.1/', 'scheme-or-address'],
        ['http://example.com/', 'scheme'],
        ['file:///etc/passwd', 'scheme'],
        ['https://user@example.com/', 'credentials'],
        ['https://example.com:25/', 'port'],
        ['https://db.internal/', 'host'],
      ])('a redirect to %s is refused', async (to, rule) => {
        const got = await get('attachment', `/redirect/302?to=${encodeURIComponent(to)}`);
        const expected = rule === 'scheme-or-address' ? expect.stringMatching(/^(?:scheme|address)$/) : rule;
        expect(got).toMatchObject({ ok: false, failure: { kind: 'refused', rule: expected, hop: 1 } });
      });

      it('three hops are followed, four are not', async () => {
        expect(await get('attachment', '/hops/3')).toMatchObject({ ok: true, url: `${origin}/hops/0` });
        const four = await get('attachment', '/hops/4');
        expect(four).toMatchObject({ ok: false, failure: { kind: 'redirect', reason: 'too_many' } });
      });

      it('a loop ends', async () => {
        const got = await get('attachment', '/loop');
        expect(got).toMatchObject({ ok: false, failure: { kind: 'redirect', reason: 'too_many' } });
      });

      it.each(['/nowhere/302', `/redirect/302?to=${encodeURIComponent('https://%')}`])(
        'a redirect to nowhere is a failure: %s',
        async (path) => {
          const got = await get('attachment', path);
          expect(got).toMatchObject({ ok: false, failure: { kind: 'redirect', reason: 'location' } });
        },
      );

      it.each([300, 304, 305, 399])('%i is an answer', async (status) => {
        expect(await get('attachment', `/status/${status}`)).toMatchObject({ ok: true, status });
      });
    });

    describe('threats §5 r12: an answer is read to its cap and no further', () => {
      it.each(['/bytes/65536', '/chunked/65536'])(
        'an answer of exactly the cap is whole: %s',
        async (path) => {
          for (const purpose of ['webhook', 'attachment'] as const) {
            const got = await get(purpose, path);
            expect(got.ok && got.bytes.length).toBe(65_536);
          }
        },
      );

      it.each(['/bytes/65537', '/chunked/65537', '/endless'])(
        'of a longer one a webhook keeps the start: %s',
        async (path) => {
          const got = await get('webhook', path);
          expect(got.ok && got.bytes.length).toBe(65_536);
        },
      );

      it.each(['/bytes/65537', '/chunked/65537', '/endless'])(
        'a longer one is no attachment: %s',
        async (path) => {
          const got = await get('attachment', path);
          expect(got).toMatchObject({ ok: false, failure: { kind: 'too_large', limit: 65_536 } });
        },
      );

      it('one byte at a time does not outlive the deadline', async () => {
        const { clock, egress } = open();
        const result = await egress.fetch(call('attachment', `${origin}/drip`));
        if (!result.ok) throw new Error(result.failure.kind);
        let bytes = 0;
        const reading = (async () => {
          for await (const piece of result.answer.body) {
            bytes += piece.length;
            if (bytes > 3) clock.advance(WITHIN_MS);
          }
        })();
        await expect(reading).rejects.toMatchObject({
          name: 'BrokenBody',
          failure: { kind: 'timeout', stage: 'body', ms: WITHIN_MS },
        });
        expect(clock.pending).toBe(0);
      });

      it('what nobody reads does not outlive the deadline either', async () => {
        const { clock, egress } = open();
        const result = await egress.fetch(call('attachment', `${origin}/endless`));
        if (!result.ok) throw new Error(result.failure.kind);
        clock.advance(WITHIN_MS);
        const reading = (async () => {
          for await (const piece of result.answer.body) expect(piece.length).toBeGreaterThan(0);
        })();
        await expect(reading).rejects.toBeInstanceOf(BrokenBody);
      });

      it('a silent server does not outlive the deadline', async () => {
        const { clock, egress } = open();
        const path = unique('/silent');
        const calling = exchange(egress, call('webhook', origin + path));
        await harness.seen(path);
        clock.advance(WITHIN_MS - 1);
        clock.advance(1);
        expect(await calling).toEqual({
          ok: false,
          failure: { kind: 'timeout', stage: 'answer', ms: WITHIN_MS },
          status: null,
        });
      });

      it('the deadline runs over all hops together', async () => {
        const { clock, egress } = open();
        const path = unique('/silent');
        const calling = exchange(
          egress,
          call('attachment', `${origin}/redirect/302?to=${encodeURIComponent(path)}`),
        );
        await harness.seen(path);
        expect(clock.pending).toBe(1);
        clock.advance(WITHIN_MS);
        expect(await calling).toMatchObject({ failure: { kind: 'timeout' } });
      });

      it('a bomb is not unpacked: refused as an attachment, cut for a webhook', async () => {
        expect(await get('attachment', '/gzip')).toMatchObject({ ok: false, failure: { kind: 'encoded' } });
        const got = await get('webhook', '/gzip');
        expect(got.ok && got.bytes.length).toBeLessThanOrEqual(MAX_BYTES);
      });
    });

    it("the caller's own signal ends a call, before it and in it", async () => {
      const { clock, egress } = open();
      const path = unique('/silent');
      const control = new AbortController();
      const calling = exchange(egress, call('webhook', origin + path, { signal: control.signal }));
      await harness.seen(path);
      control.abort();
      expect(await calling).toEqual({ ok: false, failure: { kind: 'aborted' }, status: null });
      const late = await exchange(egress, call('webhook', origin + path, { signal: control.signal }));
      expect(late).toMatchObject({ failure: { kind: 'aborted' } });
      expect((await harness.requests(path)).count).toBe(1);
      expect(clock.pending).toBe(0);
    });

    it.each([
      ['/reset', null],
      ['/garbage', null],
      ['/short', 200],
    ])('an answer that breaks off is none: %s', async (path, status) => {
      const got = await get('webhook', path);
      expect(got).toMatchObject({ ok: false, status });
      expect(got.ok ? '' : got.failure.kind).toMatch(status === null ? /^(?:answer|connect)$/ : /^answer$/);
    });

    it('nobody listening is a failure to connect', async () => {
      const { egress } = open();
      const result = await egress.fetch(call('webhook', 'http://localhost:65534/'));
      expect(result).toEqual({ ok: false, failure: { kind: 'connect' } } satisfies EgressResult);
    });

    describe('threats §5 r1, r2, r3, r4, r5, r6, r7: what is refused is refused before a connection', () => {
      const { port } = harness;
      it.each([
        `http://127.0.0.1:${port}/`,
        `https://127.0.0.1:${port}/`,
        `https://127.1:${port}/`,
        `https://2130706433:${port}/`,
        `https://0x7f000001:${port}/`,
        `https://0177.0.0.1:${port}/`,
        `https://0:${port}/`,
        `https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:${port}/`,
        `https://127\u30020\u30020\u30021:${port}/`,
        `https://[::]:${port}/`,
        `https://[::1]:${port}/`,
        `https://[::ffff:127.0.0.1]:${port}/`,
        `https://[::ffff:7f00:1]:${port}/`,
        `https://[::ffff:0:7f00:1]:${port}/`,
        `https://[64:ff9b::7f00:1]:${port}/`,
        `https://[2002:7f00:1::]:${port}/`,
        `https://foo.localhost:${port}/`,
        `https://db.internal:${port}/`,
        'https://169.254.169.254/latest/meta-data/',
        `http://example.com@127.0.0.1:${port}/`,
        `https://example.com@localhost:${port}/`,
        `https:/\\127.0.0.1:${port}/`,
        `ftp://localhost:${port}/`,
        `http://localhost:22/`,
        `http://localhost:6379/`,
        `http://localhost:11211/`,
      ])('%s', async (url) => {
        const before = await harness.connections();
        for (const purpose of ['webhook', 'attachment'] as const) {
          const result = await open().egress.fetch(call(purpose, url));
          expect(result).toMatchObject({ ok: false, failure: { kind: 'refused', hop: 0 } });
        }
        expect(await harness.connections()).toBe(before);
      });
    });

    it('a range opens its addresses, and names that lead to one', async () => {
      const { egress } = open('127.0.0.0/8');
      for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', 'localhost']) {
        const got = await exchange(egress, call('webhook', `http://${host}:${harness.port}/status/202`));
        expect(got, host).toMatchObject({ ok: true, status: 202 });
      }
    });
  });
}
