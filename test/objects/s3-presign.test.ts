import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { objectKey, RefusedKey } from '../../src/objects/key.ts';
import { s3Store } from '../../src/objects/s3.ts';
import { sdkBucket } from '../../src/objects/s3-sdk.ts';
import type { ObjectStore, PutToSign, SignedPut } from '../../src/objects/store.ts';
import { WrongBytes } from '../../src/objects/store.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { clock } from '../../src/platform/node/host.ts';
import { fetchBucket } from '../../src/platform/workers/s3-bucket.ts';
import { startS3Server } from '../support/s3-server.ts';

const KEY = 't/default/3f6c0e6a-upload';
const BYTES = Buffer.from('%PDF-1.7 what the client uploads');
const SHA256 = createHash('sha256').update(BYTES).digest('hex');
const MINUTE_MS = 60_000;

const server = await startS3Server();
afterAll(() => server.close());
beforeEach(() => server.empty());

const DRIVERS = [
  ['the SDK', sdkBucket],
  ['fetch', fetchBucket],
] as const;

describe.each(DRIVERS)('by way of %s', (_name, bucketOf) => {
  function open(now: () => number = clock.now): ObjectStore {
    return s3Store({
      bucket: bucketOf(server.settings),
      hasher: sha256Hasher,
      now,
      after: clock.after,
      newId: randomUUID,
    });
  }

  async function signed(put: Partial<PutToSign> = {}, now?: () => number): Promise<SignedPut> {
    const answer = await open(now).presignPut?.({
      key: KEY,
      size: BYTES.length,
      contentType: 'application/pdf',
      expiresInSeconds: 15 * 60,
      ...put,
    });
    if (answer === undefined) throw new Error('nothing was signed');
    return answer;
  }

  interface Sent {
    readonly method?: string;
    readonly url?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Uint8Array<ArrayBuffer> | null;
  }

  async function status(put: SignedPut, sent: Sent = {}): Promise<number> {
    const answer = await fetch(sent.url ?? put.url, {
      method: sent.method ?? put.method,
      headers: sent.headers ?? put.headers,
      body: sent.body === undefined ? new Uint8Array(BYTES) : sent.body,
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  describe('a presigned upload', () => {
    it('is taken by the bucket as it was signed, and is not believed before a copy was hashed', async () => {
      expect(await status(await signed())).toBe(200);
      const store = open();
      expect(await store.head(KEY)).toEqual({
        size: BYTES.length,
        sha256: '',
        contentType: 'application/pdf',
      });
      const content = objectKey({ account: 'default', id: SHA256 });
      const meta = { size: BYTES.length, sha256: SHA256, contentType: 'application/pdf' };
      expect(await store.copy(KEY, ({ sha256 }) => objectKey({ account: 'default', id: sha256 }))).toEqual({
        key: content,
        meta,
      });
      expect(await store.head(content)).toEqual(meta);
      expect((await server.keys()).toSorted()).toEqual([KEY, content].toSorted());
    });

    it('that is made again after acceptance does not change what was accepted', async () => {
      const put = await signed();
      await status(put);
      const store = open();
      const content = (await store.copy(KEY, ({ sha256 }) => objectKey({ account: 'default', id: sha256 })))
        ?.key;
      const other = new Uint8Array(BYTES).fill(0x20);
      expect(await status(put, { body: other })).toBe(200);
      expect((await store.head(content ?? ''))?.sha256).toBe(SHA256);
    });

    it('threats §12 r4: with a header that makes a reader unpack it is never taken', async () => {
      const plain = Buffer.alloc(20_000, 'A');
      const bytes = new Uint8Array(gzipSync(plain));
      const put = await signed({ size: bytes.length });
      const headers = { ...put.headers, 'content-encoding': 'gzip' };
      expect(await status(put, { headers, body: bytes })).toBe(200);
      const store = open();
      await expect(store.head(KEY)).rejects.toThrow(WrongBytes);
      const content = ({ sha256 }: { readonly sha256: string }): string =>
        objectKey({ account: 'default', id: sha256 });
      await expect(store.copy(KEY, content)).rejects.toThrow(WrongBytes);
      expect(await server.keys()).toEqual([KEY]);
      expect(await status(put, { body: bytes })).toBe(200);
      expect((await store.copy(KEY, content))?.meta.size).toBe(bytes.length);
    });

    const refusals: readonly (readonly [string, Sent])[] = [
      ['a longer body', { body: new Uint8Array(BYTES.length + 1) }],
      ['a shorter body', { body: new Uint8Array(BYTES.length - 1) }],
      ['no body', { body: new Uint8Array() }],
      ['another type', { headers: { 'content-type': 'text/html' } }],
      ['a type with a parameter', { headers: { 'content-type': 'application/pdf; x=1' } }],
      ['no type', { headers: {} }],
      ['the method POST', { method: 'POST' }],
      ['the method DELETE', { method: 'DELETE' }],
      ['the method GET', { method: 'GET', body: null }],
      ['the method HEAD', { method: 'HEAD', body: null }],
    ];
    it.each(refusals)(
      'threats §12 r4: %s is refused by the store, and nothing is stored',
      async (_, sent) => {
        expect(await status(await signed(), sent)).toBe(403);
        expect(await server.keys()).toEqual([]);
      },
    );

    it('threats §12 r4: after 15 minutes it is refused by the store', async () => {
      const ago = (minutes: number) => (): number => clock.now() - minutes * MINUTE_MS;
      expect(await status(await signed({}, ago(14)))).toBe(200);
      await server.empty();
      expect(await status(await signed({}, ago(16)))).toBe(403);
      expect(await server.keys()).toEqual([]);
    });

    it('threats §12 r4: a longer life, another key or another account written into the URL is refused', async () => {
      const put = await signed();
      for (const [old, other] of [
        ['X-Amz-Expires=900', 'X-Amz-Expires=90000'],
        ['3f6c0e6a-upload', '00000000-upload'],
        ['/t/default/', '/t/other/'],
        ['/t/default/', '/t/default/../other/'],
        ['X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost', 'X-Amz-SignedHeaders=host'],
      ] as const) {
        expect(put.url).toContain(old);
        expect(await status(put, { url: put.url.replace(old, other) })).toBe(403);
      }
      expect(await server.keys()).toEqual([]);
    });

    it('with an announced hash is refused with other bytes, and without the header', async () => {
      const put = await signed({ sha256: SHA256 });
      expect(await status(put)).toBe(200);
      await server.empty();
      expect(await status(put, { body: new Uint8Array(BYTES).fill(0x20) })).toBe(400);
      expect(await status(put, { headers: { 'content-type': 'application/pdf' } })).toBe(403);
      expect(await server.keys()).toEqual([]);
    });

    it.each(['t/A/../B/x', 't/A/%2e%2e/B/x', 't/a/..%2fb', '/t/a/b', 't/a/b?x=1', 't/a/b#x'])(
      'threats §12 r3: for the key %j nothing is signed',
      async (key) => {
        await expect(signed({ key })).rejects.toThrow(RefusedKey);
      },
    );
  });
});
