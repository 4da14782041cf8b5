import { describe, expect, it } from 'vitest';
import { BrokenBody } from '../../../src/net/egress.ts';
import { exchange } from '../../../src/net/exchange.ts';
import { type Caller, MAX_BYTES, requestOf, unique, WITHIN_MS } from './caller.ts';

export function limitsContract(caller: Caller): void {
  describe('threats §5 r12: an answer is read to its cap and no further', () => {
    it.each(['/bytes/65536', '/chunked/65536'])('an answer of exactly the cap is whole: %s', async (path) => {
      for (const purpose of ['webhook', 'attachment'] as const) {
        const got = await caller.get(purpose, path);
        expect(got.ok && got.bytes.length).toBe(65_536);
      }
    });

    it.each(['/bytes/65537', '/chunked/65537', '/endless'])(
      'of a longer one a webhook keeps the start: %s',
      async (path) => {
        const got = await caller.get('webhook', path);
        expect(got.ok && got.bytes.length).toBe(65_536);
      },
    );

    it.each(['/bytes/65537', '/chunked/65537', '/endless'])(
      'a longer one is no attachment: %s',
      async (path) => {
        const got = await caller.get('attachment', path);
        expect(got).toMatchObject({ ok: false, failure: { kind: 'too_large', limit: 65_536 } });
      },
    );

    it('one byte at a time does not outlive the deadline', async () => {
      const { clock, egress } = caller.open();
      const result = await egress.fetch(requestOf('attachment', `${caller.origin}/drip`));
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
      const { clock, egress } = caller.open();
      const result = await egress.fetch(requestOf('attachment', `${caller.origin}/endless`));
      if (!result.ok) throw new Error(result.failure.kind);
      clock.advance(WITHIN_MS);
      const reading = (async () => {
        for await (const piece of result.answer.body) expect(piece.length).toBeGreaterThan(0);
      })();
      await expect(reading).rejects.toBeInstanceOf(BrokenBody);
    });

    it('a silent server does not outlive the deadline', async () => {
      const { clock, egress } = caller.open();
      const path = unique('/silent');
      const calling = exchange(egress, requestOf('webhook', caller.origin + path));
      await caller.stub.seen(path);
      clock.advance(WITHIN_MS - 1);
      clock.advance(1);
      expect(await calling).toEqual({
        ok: false,
        failure: { kind: 'timeout', stage: 'answer', ms: WITHIN_MS },
        status: null,
      });
    });

    it('the deadline runs over all hops together', async () => {
      const { clock, egress } = caller.open();
      const path = unique('/silent');
      const calling = exchange(
        egress,
        requestOf('attachment', `${caller.origin}/redirect/302?to=${encodeURIComponent(path)}`),
      );
      await caller.stub.seen(path);
      expect(clock.pending).toBe(1);
      clock.advance(WITHIN_MS);
      expect(await calling).toMatchObject({ failure: { kind: 'timeout' } });
    });

    it('a bomb is not unpacked: refused as an attachment, cut for a webhook', async () => {
      expect(await caller.get('attachment', '/gzip')).toMatchObject({
        ok: false,
        failure: { kind: 'encoded' },
      });
      const got = await caller.get('webhook', '/gzip');
      expect(got.ok && got.bytes.length).toBeLessThanOrEqual(MAX_BYTES);
    });
  });
}
