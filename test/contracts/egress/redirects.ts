import { describe, expect, it } from 'vitest';
import { type Caller, REDIRECTS, unique } from './caller.ts';

export function redirectsContract(caller: Caller): void {
  describe('threats §5 r10: a redirect of a webhook is a failure and is not followed', () => {
    it.each(REDIRECTS)('%i', async (status) => {
      for (const to of [caller.origin, caller.inside]) {
        const path = unique('/bytes/1');
        const got = await caller.get('webhook', `/redirect/${status}?to=${encodeURIComponent(to + path)}`);
        expect(got).toMatchObject({ ok: true, status });
        expect((await caller.stub.requests(path)).count).toBe(0);
      }
    });
  });

  describe('threats §5 r11: each hop of an attachment is judged like the first', () => {
    it.each(REDIRECTS)('%i to a place that is allowed is followed, without our headers', async (status) => {
      const path = unique('/bytes/7');
      const got = await caller.get('attachment', `/redirect/${status}?to=${encodeURIComponent(path)}`, {
        headers: { 'x-ours': 'secret' },
      });
      expect(got).toMatchObject({ ok: true, status: 200, url: caller.origin + path });
      const { last } = await caller.stub.requests(path);
      expect(last.method).toBe('GET');
      expect(last.headers['x-ours']).toBeUndefined();
      expect(last.headers['accept-encoding']).toBe('identity');
    });

    it.each(REDIRECTS)('%i to a private place is refused before a connection', async (status) => {
      const path = unique('/bytes/1');
      const before = await caller.stub.connections();
      const got = await caller.get(
        'attachment',
        `/redirect/${status}?to=${encodeURIComponent(caller.inside + path)}`,
      );
      expect(got).toMatchObject({ ok: false, failure: { kind: 'refused', rule: 'address', hop: 1 } });
      expect((await caller.stub.requests(path)).count).toBe(0);
      expect(await caller.stub.connections()).toBeLessThanOrEqual(before + 1);
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
      const got = await caller.get('attachment', `/redirect/302?to=${encodeURIComponent(to)}`);
      const expected = rule === 'scheme-or-address' ? expect.stringMatching(/^(?:scheme|address)$/) : rule;
      expect(got).toMatchObject({ ok: false, failure: { kind: 'refused', rule: expected, hop: 1 } });
    });

    it('three hops are followed, four are not', async () => {
      expect(await caller.get('attachment', '/hops/3')).toMatchObject({
        ok: true,
        url: `${caller.origin}/hops/0`,
      });
      const four = await caller.get('attachment', '/hops/4');
      expect(four).toMatchObject({ ok: false, failure: { kind: 'redirect', reason: 'too_many' } });
    });

    it('a loop ends', async () => {
      const got = await caller.get('attachment', '/loop');
      expect(got).toMatchObject({ ok: false, failure: { kind: 'redirect', reason: 'too_many' } });
    });

    it.each(['/nowhere/302', `/redirect/302?to=${encodeURIComponent('https://%')}`])(
      'a redirect to nowhere is a failure: %s',
      async (path) => {
        const got = await caller.get('attachment', path);
        expect(got).toMatchObject({ ok: false, failure: { kind: 'redirect', reason: 'location' } });
      },
    );

    it.each([300, 304, 305, 399])('%i is an answer', async (status) => {
      expect(await caller.get('attachment', `/status/${status}`)).toMatchObject({ ok: true, status });
    });
  });
}
