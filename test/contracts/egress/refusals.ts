import { describe, expect, it } from 'vitest';
import { type Caller, requestOf, WITHIN_MS } from './caller.ts';

export function refusalsContract(caller: Caller): void {
  describe('threats §5 r1, r2, r3, r4, r5, r6, r7: what is refused is refused before a connection', () => {
    const { port } = caller.stub;
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
      const before = await caller.stub.connections();
      for (const purpose of ['webhook', 'attachment'] as const) {
        const result = await caller.open().egress.fetch(requestOf(purpose, url));
        expect(result).toMatchObject({ ok: false, failure: { kind: 'refused', hop: 0 } });
      }
      const checked = await caller.open().egress.check({ url, withinMs: WITHIN_MS });
      expect(checked).toMatchObject({ kind: 'refused', hop: 0 });
      expect(await caller.stub.connections()).toBe(before);
    });
  });

  it('a URL that is allowed is checked without a connection', async () => {
    const before = await caller.stub.connections();
    const { clock, egress } = caller.open();
    expect(await egress.check({ url: `${caller.origin}/status/200`, withinMs: WITHIN_MS })).toBeNull();
    expect(await caller.stub.connections()).toBe(before);
    expect(clock.pending).toBe(0);
  });
}
