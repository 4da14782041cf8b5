import { randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { s3Store } from '../../src/objects/s3.ts';
import { sdkBucket } from '../../src/objects/s3-sdk.ts';
import type { ObjectStore } from '../../src/objects/store.ts';
import { StoreUnavailable, WrongBytes } from '../../src/objects/store.ts';
import { verified } from '../../src/objects/verified.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { clock } from '../../src/platform/node/host.ts';
import { fetchBucket } from '../../src/platform/workers/s3-bucket.ts';
import { type Patience, patience } from '../support/patience.ts';
import { type Fault, startFaultProxy } from '../support/s3-faults.ts';
import { startS3Server } from '../support/s3-server.ts';

const MIB = 1024 * 1024;
const KEY = 't/default/object';
const BYTES = randomBytes(700_000);
const LARGE = randomBytes(11 * MIB);
/** As little as goes up in parts. */
const PARTED = LARGE.subarray(0, 5 * MIB);
const UNTYPED = { contentType: null };

const server = await startS3Server();
const proxy = await startFaultProxy(server.url);
afterAll(async () => {
  await proxy.close();
  await server.close();
});

const DRIVERS = [
  ['the SDK', sdkBucket],
  ['fetch', fetchBucket],
] as const;

describe.each(DRIVERS)('by way of %s', (_name, bucketOf) => {
  let timers: Patience;
  let store: ObjectStore;
  beforeEach(async () => {
    await server.empty();
    proxy.clear();
    timers = patience();
    store = open({});
  });

  function open(settings: Partial<typeof server.settings>): ObjectStore {
    return s3Store({
      bucket: bucketOf({ ...server.settings, endpoint: proxy.url, ...settings }),
      hasher: sha256Hasher,
      now: clock.now,
      after: timers.after,
      newId: randomUUID,
    });
  }

  const always = (): boolean => true;
  const of =
    (method: string, part = '') =>
    (asked: { readonly method: string; readonly url: string }): boolean =>
      asked.method === method && asked.url.includes(part);

  const linesOf = (method: string): readonly string[] =>
    proxy.log.filter((line) => line.startsWith(`${method} `));

  async function* stream(bytes: Uint8Array): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
  }

  async function read(body: AsyncIterable<Uint8Array> | null | undefined): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of body ?? []) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** As the composer reads it: whole and right, or an error. */
  async function readSealed(): Promise<Buffer> {
    const found = await store.get(KEY);
    if (found === null) throw new Error('there is nothing');
    return read(verified(found.body, found.meta, sha256Hasher()));
  }

  const PASSING: readonly (readonly [string, Fault])[] = [
    ['503 SlowDown', { kind: 'answer', status: 503, code: 'SlowDown' }],
    ['500 InternalError', { kind: 'answer', status: 500, code: 'InternalError' }],
    ['429', { kind: 'answer', status: 429, code: 'TooManyRequests' }],
    ['a reset connection', { kind: 'reset' }],
    ['a lost answer', { kind: 'lost' }],
  ];

  describe.each(PASSING)('%s', (_, fault) => {
    it('twice in a row is not noticed by any verb', async () => {
      const twice = (matches: Parameters<typeof proxy.fault>[1]): void => proxy.fault(fault, matches, 2);
      twice(of('PUT'));
      const meta = await store.put(KEY, BYTES, UNTYPED);
      twice(of('HEAD'));
      expect(await store.head(KEY)).toEqual(meta);
      twice(of('GET'));
      expect((await readSealed()).equals(BYTES)).toBe(true);
      twice(of('PUT'));
      expect((await store.copy(KEY, () => 't/default/copy'))?.key).toBe('t/default/copy');
      twice(of('DELETE'));
      await store.delete(KEY);
      expect(await server.keys()).toEqual(['t/default/copy']);
      expect(timers.running()).toBe(0);
    });

    it('in each step of an upload in parts is not noticed', async () => {
      for (const step of [of('POST', 'uploads'), of('PUT', 'partNumber=2'), of('POST', 'uploadId')]) {
        proxy.fault(fault, step, 2);
      }
      await store.put(KEY, stream(LARGE), UNTYPED);
      expect((await readSealed()).equals(LARGE)).toBe(true);
      expect(await server.keys()).toEqual([KEY]);
    });

    it('for ever is an unavailable store after three tries, with growing pauses', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault(fault, always, 1000);
      for (const verb of [
        () => store.put('t/default/other', BYTES, UNTYPED),
        () => store.put('t/default/other', stream(LARGE), UNTYPED),
        () => store.head(KEY),
        () => store.get(KEY),
        () => store.copy(KEY, () => 't/default/copy'),
        () => store.delete(KEY),
      ]) {
        const [pauses, asked] = [timers.pauses.length, proxy.log.length];
        await expect(verb()).rejects.toThrow(StoreUnavailable);
        expect(proxy.log.length - asked).toBeLessThanOrEqual(6);
        expect(timers.pauses.slice(pauses, pauses + 2)).toEqual([250, 500]);
      }
      expect(timers.running()).toBe(0);
    });
  });

  it('an error inside a 200 is none the less an error, and the step is tried again', async () => {
    await store.put(KEY, BYTES, UNTYPED);
    const late: Fault = { kind: 'answer', status: 200, code: 'InternalError' };
    proxy.fault(late, of('PUT', 'unfinished'));
    expect((await store.copy(KEY, () => 't/default/copy'))?.key).toBe('t/default/copy');
    proxy.fault(late, of('POST', 'uploadId'));
    await store.put(KEY, stream(LARGE), UNTYPED);
    expect((await readSealed()).equals(LARGE)).toBe(true);
    proxy.fault(late, of('PUT', 'unfinished'), 3);
    await expect(store.copy(KEY, () => KEY)).rejects.toThrow(StoreUnavailable);
  });

  describe('an answer 200 that does not say what was asked for', () => {
    const DECLARED = '<?xml version="1.0" encoding="UTF-8"?>';
    const FAILED = '<Error><Code>InternalError</Code><Message>told to</Message></Error>';
    const SAID: readonly (readonly [string, string])[] = [
      ['nothing', ''],
      ['a declaration and white space, and then no more', `${DECLARED}\n    `],
      ['white space before the declaration of an error', `   \n${DECLARED}\n${FAILED}`],
      ['a comment before an error', `${DECLARED}<!-- late -->${FAILED}`],
      ['an error that breaks off', `${DECLARED}<Error><Code>Inter`],
      ['a page of somebody else', '<html><body>Please log in</body></html>'],
      ['no XML', 'done'],
      ['the answer to something else', '<DeleteResult/>'],
    ];

    it.each(SAID)('is no copy and no end of an upload, and both are tried again: %s', async (_, said) => {
      const fault: Fault = { kind: 'says', status: 200, text: said };
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault(fault, of('PUT', 'unfinished'), 2);
      proxy.fault(fault, of('PUT', '/copy?'), 2);
      expect((await store.copy(KEY, () => 't/default/copy'))?.key).toBe('t/default/copy');
      proxy.fault(fault, of('POST', 'uploads'), 2);
      proxy.fault(fault, of('POST', 'uploadId'), 2);
      await store.put('t/default/large', stream(PARTED), UNTYPED);
      expect((await server.keys()).toSorted()).toEqual(['t/default/copy', 't/default/large', KEY]);
    });

    it.each(SAID)('for ever is never taken for a mail that was put: %s', async (_, said) => {
      const fault: Fault = { kind: 'says', status: 200, text: said };
      for (const step of [of('PUT', KEY), of('PUT', 'partNumber=1'), of('POST', 'uploadId')]) {
        proxy.clear();
        proxy.fault(fault, step, 1000);
        await expect(store.put(KEY, stream(PARTED), UNTYPED)).rejects.toThrow(StoreUnavailable);
        expect([...(await server.keys()), ...(await server.unfinished())]).toEqual([]);
      }
      proxy.fault(fault, of('PUT'), 1000);
      await expect(store.put(KEY, BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
    });

    it('is no object where somebody else answers', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'says', status: 200, text: '<html></html>' }, of('HEAD'), 1000);
      await expect(store.get(KEY)).rejects.toThrow(StoreUnavailable);
    });

    it.each([undefined, '', '1e9x'])('tells no length: %j', async (length) => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'headers', headers: { 'content-length': length } }, of('HEAD'));
      expect(await store.head(KEY)).toMatchObject({ size: BYTES.length });
      proxy.fault({ kind: 'headers', headers: { 'content-length': length } }, of('HEAD'), 1000);
      await expect(store.head(KEY)).rejects.toThrow(StoreUnavailable);
    });

    it.each(['soon', '', '2026-13-45T00:00:00.000Z'])('tells no moment of a put: %j', async (moment) => {
      await store.put(KEY, BYTES, UNTYPED);
      const entry = `<Contents><Key>${KEY}</Key><LastModified>${moment}</LastModified></Contents>`;
      const text = `<ListBucketResult><Name>mail</Name>${entry}</ListBucketResult>`;
      const listed = async (): Promise<readonly string[]> => {
        const found: string[] = [];
        for await (const { key } of store.list('t/')) found.push(key);
        return found;
      };
      proxy.fault({ kind: 'says', status: 200, text }, of('GET', 'list-type'), 2);
      expect(await listed()).toEqual([KEY]);
      proxy.fault({ kind: 'says', status: 200, text }, of('GET', 'list-type'), 1000);
      await expect(listed()).rejects.toThrow(StoreUnavailable);
    });
  });

  describe('an answer without end', () => {
    it.each([200, 403, 503])('%i is not listened to', async (status) => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'endless', status }, always, 1000);
      const listing = (async () => {
        for await (const _ of store.list('t/'));
      })();
      await expect(listing).rejects.toThrow(StoreUnavailable);
      await expect(store.put(KEY, BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
      await expect(store.copy(KEY, () => KEY)).rejects.toThrow(StoreUnavailable);
      await proxy.idle();
      expect(timers.running()).toBe(0);
    });
  });

  describe('bytes that are stored as a packing of others', () => {
    const packed: Fault = { kind: 'headers', headers: { 'content-encoding': 'gzip' } };

    it('threats §12 r4: are not what was announced, before a copy gets a name', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault(packed, of('HEAD'), 1000);
      await expect(store.head(KEY)).rejects.toThrow(WrongBytes);
      await expect(store.get(KEY)).rejects.toThrow(WrongBytes);
      await expect(store.copy(KEY, () => 't/default/copy')).rejects.toThrow(WrongBytes);
      expect(timers.pauses).toEqual([]);
      expect(await server.keys()).toEqual([KEY]);
    });

    it('are not what was announced when only the body says it', async () => {
      const bytes = gzipSync(BYTES);
      await store.put(KEY, bytes, UNTYPED);
      const found = await store.get(KEY);
      proxy.fault(packed, of('GET'), 1000);
      await expect(read(found?.body)).rejects.toThrow(WrongBytes);
      await expect(store.copy(KEY, () => 't/default/copy')).rejects.toThrow(WrongBytes);
      expect(await server.keys()).toEqual([KEY]);
    });

    it('are not asked for', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      await readSealed();
      const asked = proxy.headers.map((headers) => headers['accept-encoding'] ?? 'identity');
      expect(new Set(asked)).toEqual(new Set(['identity']));
    });

    it('unless they are packed in nothing', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'headers', headers: { 'content-encoding': 'Identity' } }, always, 2);
      expect((await readSealed()).equals(BYTES)).toBe(true);
    });
  });

  describe('what will not pass by waiting', () => {
    it.each([
      [403, 'AccessDenied'],
      [403, 'InvalidAccessKeyId'],
      [403, 'SignatureDoesNotMatch'],
      [400, 'InvalidRequest'],
      [405, 'MethodNotAllowed'],
      [301, 'PermanentRedirect'],
    ])('%i %s is an unavailable store at once, never a missing object', async (status, code) => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'answer', status, code }, always, 1000);
      const asked = proxy.log.length;
      await expect(store.head(KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.get(KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.copy(KEY, () => KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.delete(KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.put(KEY, BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
      if (status !== 301) expect(proxy.log.length - asked).toBeLessThanOrEqual(6);
    });

    it.each(['NoSuchKey', 'NotFound', 'NoSuchUpload'])(
      '404 %s to something that is put is no success',
      async (code) => {
        await store.put(KEY, BYTES, UNTYPED);
        const missing: Fault = { kind: 'answer', status: 404, code };
        proxy.fault(missing, of('PUT', 'other'), 2);
        await expect(store.put('t/default/other', BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
        await expect(store.copy(KEY, () => 't/default/other')).rejects.toThrow(StoreUnavailable);
        for (const step of [of('POST', 'uploads'), of('PUT', 'partNumber=2'), of('PUT', 'other?x-id=Copy')]) {
          proxy.fault(missing, step);
          await expect(store.put('t/default/other', stream(LARGE), UNTYPED)).rejects.toThrow(
            StoreUnavailable,
          );
        }
        expect([...(await server.keys()), ...(await server.unfinished())]).toEqual([KEY]);
      },
    );

    it('a bucket that is not there is an unavailable store, and not an object that is missing', async () => {
      store = open({ bucket: 'missing' });
      await expect(store.head(KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.get(KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.copy(KEY, () => KEY)).rejects.toThrow(StoreUnavailable);
      await expect(store.put(KEY, BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
      await expect(store.put(KEY, stream(LARGE), UNTYPED)).rejects.toThrow(StoreUnavailable);
    });

    it('wrong credentials are an unavailable store', async () => {
      store = open({ secretAccessKey: 'not-the-key' });
      await expect(store.put(KEY, BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
      await expect(store.head(KEY)).rejects.toThrow(StoreUnavailable);
      expect(await server.keys()).toEqual([]);
    });

    it('nobody listening is an unavailable store', async () => {
      store = open({ endpoint: 'http://127.0.0.1:1' });
      await expect(store.head(KEY)).rejects.toThrow(StoreUnavailable);
    });
  });

  describe('silence', () => {
    it('is ended by the deadline of each try, and then the store is unavailable', async () => {
      proxy.fault({ kind: 'silent' }, always, 3);
      const asking = store.head(KEY);
      asking.catch(() => {});
      for (let tried = 0; tried < 3; tried++) {
        await proxy.stands();
        timers.expire();
      }
      await expect(asking).rejects.toThrow(StoreUnavailable);
    });

    it('in the middle of an answer that is no body is ended, and the step is tried again', async () => {
      proxy.fault({ kind: 'stall', after: 10 }, of('POST', 'uploads'));
      const putting = store.put(KEY, stream(LARGE), UNTYPED);
      await proxy.stands();
      timers.expire();
      await putting;
      expect((await readSealed()).equals(LARGE)).toBe(true);
    });

    it('in the middle of a body is ended, and reading goes on where it stopped', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      const found = await store.get(KEY);
      proxy.fault({ kind: 'stall', after: 300_000 }, of('GET'));
      const pieces = found?.body[Symbol.asyncIterator]();
      let received = 0;
      while (received < 300_000) received += (await pieces?.next())?.value.length;
      const next = pieces?.next();
      await proxy.stands();
      expect(timers.running()).toBe(1);
      timers.expire();
      received += (await next)?.value.length;
      for (let step = await pieces?.next(); step?.done === false; step = await pieces?.next()) {
        received += step.value.length;
      }
      expect(received).toBe(BYTES.length);
      expect(linesOf('GET')).toHaveLength(2);
      expect(timers.running()).toBe(0);
    });
  });

  describe('a body that breaks off', () => {
    it.each([0, 1, 300_000, BYTES.length - 1])('after %i bytes goes on there', async (after) => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'cut', after }, of('GET'));
      expect((await readSealed()).equals(BYTES)).toBe(true);
    });

    it('again and again is read to its end as long as it gets on', async () => {
      await store.put(KEY, LARGE, UNTYPED);
      proxy.fault({ kind: 'cut', after: 2 * MIB }, of('GET'), 5);
      expect((await readSealed()).equals(LARGE)).toBe(true);
      expect(linesOf('GET')).toHaveLength(6);
    });

    it('again and again without getting on is an unavailable store', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'cut', after: 10 }, of('GET'), 1000);
      await expect(readSealed()).rejects.toThrow(StoreUnavailable);
      expect(linesOf('GET').length).toBeLessThanOrEqual(4);
    });

    it('whose lengths fit, but half of which is missing, is gone on with, and never ends as if it were whole', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'short' }, of('GET'));
      expect((await readSealed()).equals(BYTES)).toBe(true);
      proxy.fault({ kind: 'short' }, of('GET'), 1000);
      await expect(readSealed()).rejects.toThrow(StoreUnavailable);
    });

    it('is not continued with a second beginning when a range is ignored', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'cut', after: 300_000 }, of('GET'));
      proxy.fault({ kind: 'whole' }, of('GET'));
      let received = 0;
      const reading = (async () => {
        for await (const piece of (await store.get(KEY))?.body ?? []) received += piece.length;
      })();
      await expect(reading).rejects.toThrow(StoreUnavailable);
      expect(received).toBe(300_000);
    });

    it('is not continued with another version of the object', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      const found = await store.get(KEY);
      await store.put(KEY, randomBytes(BYTES.length), UNTYPED);
      await expect(read(found?.body)).rejects.toThrow(StoreUnavailable);
    });
  });

  describe('wrong bytes', () => {
    it('threats §12 r5: one byte flipped in the bucket ends the reading with an error, not with a whole body', async () => {
      await store.put(KEY, BYTES, UNTYPED);
      await server.flip(KEY);
      await expect(readSealed()).rejects.toThrow(WrongBytes);
    });

    it.each([0, 699_999])('byte %i flipped on the way here ends the reading with an error', async (at) => {
      await store.put(KEY, BYTES, UNTYPED);
      proxy.fault({ kind: 'flip', at }, of('GET'));
      await expect(readSealed()).rejects.toThrow(WrongBytes);
    });

    it('flipped on the way there are refused by the store, in one piece and in parts', async () => {
      proxy.fault({ kind: 'flip-request', at: 100 }, of('PUT'), 2);
      await expect(store.put(KEY, BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
      await expect(store.put(KEY, stream(LARGE), UNTYPED)).rejects.toThrow(StoreUnavailable);
      expect([...(await server.keys()), ...(await server.unfinished())]).toEqual([]);
    });

    it('a body cut off on the way there leaves nothing, and the next try puts all of it', async () => {
      proxy.fault({ kind: 'cut-request', after: 1000 }, of('PUT'), 2);
      await store.put(KEY, BYTES, UNTYPED);
      expect((await readSealed()).equals(BYTES)).toBe(true);
      proxy.fault({ kind: 'cut-request', after: 1000 }, of('PUT', 'other'), 3);
      await expect(store.put('t/default/other', BYTES, UNTYPED)).rejects.toThrow(StoreUnavailable);
      expect(await server.keys()).toEqual([KEY]);
    });
  });

  describe('an upload that is written again while it is copied', () => {
    it.each([
      ['before the copy is hashed', of('GET', 'unfinished')],
      ['after the copy was hashed', of('PUT', '/t/default/')],
    ])('%s never gets under the hash of other bytes', async (_, moment) => {
      await store.put('t/default/upload', BYTES, UNTYPED);
      const direct = open({ endpoint: server.url });
      let isWritten = false;
      proxy.meanwhile(moment, async () => {
        await direct.put('t/default/upload', randomBytes(BYTES.length), UNTYPED);
        isWritten = true;
      });
      const copied = await store.copy('t/default/upload', ({ sha256 }) => `t/default/${sha256}`);
      expect(isWritten).toBe(true);
      const found = await store.get(copied?.key ?? '');
      const expected = copied?.meta ?? { size: 0, sha256: '' };
      expect((await read(found && verified(found.body, expected, sha256Hasher()))).equals(BYTES)).toBe(true);
    });
  });

  it('bodies are signed by their hash, and carry no checksum that a server might take for a part of them', async () => {
    await store.put(KEY, BYTES, UNTYPED);
    await store.put(KEY, stream(BYTES), UNTYPED);
    await store.put(KEY, stream(LARGE), UNTYPED);
    const bodies = proxy.headers.filter((headers) => Number(headers['content-length']) > 100_000);
    expect(bodies).toHaveLength(5);
    for (const headers of bodies) {
      expect(headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
      expect(Object.keys(headers).filter((name) => /checksum|trailer|content-encoding/.test(name))).toEqual(
        [],
      );
    }
  });

  describe('connections', () => {
    it('of readers that lost interest are not kept', async () => {
      await store.put(KEY, LARGE, UNTYPED);
      for (let reader = 0; reader < 12; reader++) {
        for await (const _ of (await store.get(KEY))?.body ?? []) break;
      }
      await proxy.idle();
      expect(timers.running()).toBe(0);
    });
  });
});
