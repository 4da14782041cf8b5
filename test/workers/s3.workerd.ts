import { CreateBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { s3Store } from '../../src/objects/s3.ts';
import { openClient } from '../../src/objects/s3-sdk.ts';
import { sha256Hasher } from '../../src/platform/workers/hasher.ts';
import { fetchBucket } from '../../src/platform/workers/s3-bucket.ts';
import { objectsContract } from '../contracts/objects.ts';
import type {} from './support/provided.ts';

let settings = inject('bucket');

objectsContract('a bucket, from workerd', {
  async open() {
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
  },
  async everything() {
    const answer = await openClient(settings).send(new ListObjectsV2Command({ Bucket: settings.bucket }));
    return (answer.Contents ?? []).flatMap(({ Key }) => Key ?? []);
  },
});
