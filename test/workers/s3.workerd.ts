import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, inject, it } from 'vitest';
import { s3Store } from '../../src/objects/s3.ts';
import { openClient } from '../../src/objects/s3-sdk.ts';
import type { ObjectStore } from '../../src/objects/store.ts';
import { WrongBytes } from '../../src/objects/store.ts';
import { sha256Hasher } from '../../src/platform/workers/hasher.ts';
import { fetchBucket } from '../../src/platform/workers/s3-bucket.ts';
import { objectsContract } from '../contracts/objects.ts';
import type {} from './support/provided.ts';

let settings = inject('bucket');

async function open(): Promise<ObjectStore> {
  settings = { ...settings, bucket: `mail-${crypto.randomUUID()}` };
  await openClient(settings).send(new CreateBucketCommand({ Bucket: settings.bucket }));
  return s3Store({
    bucket: fetchBucket(settings),
    hasher: sha256Hasher,
    now: () => Date.now(),
    after: (ms, work) => {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
    newId: () => crypto.randomUUID(),
  });
}

async function everything(): Promise<readonly string[]> {
  const answer = await openClient(settings).send(new ListObjectsV2Command({ Bucket: settings.bucket }));
  return (answer.Contents ?? []).flatMap(({ Key }) => Key ?? []);
}

objectsContract('a bucket, from workerd', { open, everything });

it('threats §12 r4: an upload that workerd would unpack is never taken', async () => {
  const store = await open();
  const key = 't/default/upload';
  const Body = gzipSync(new Uint8Array(20_000));
  const put = new PutObjectCommand({ Bucket: settings.bucket, Key: key, Body, ContentEncoding: 'gzip' });
  const { ETag: etag = '' } = await openClient(settings).send(put);
  await expect(store.head(key)).rejects.toThrow(WrongBytes);
  await expect(store.copy(key, ({ sha256 }) => `t/default/${sha256}`)).rejects.toThrow(WrongBytes);
  expect(await everything()).toEqual([key]);
  // Also where only the reader is told.
  const reading = fetchBucket(settings).read({ key, from: 0, etag }, new AbortController().signal);
  await expect(reading).rejects.toThrow(WrongBytes);
});
