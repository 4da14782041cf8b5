import type { S3Client } from '@aws-sdk/client-s3';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { checkedPrefix } from './key.ts';
import type { After } from './s3-requests.ts';
import { asked } from './s3-requests.ts';
import type { StoredObject } from './store.ts';
import { StoreUnavailable } from './store.ts';

/** Page by page, a thousand at a time: what has been read of a bucket is never in memory as a whole. */
export async function* listBucket(
  store: { readonly client: S3Client; readonly bucket: string; readonly after: After },
  prefix: string,
): AsyncIterable<StoredObject> {
  const { client, bucket, after } = store;
  const below = { Bucket: bucket, Prefix: checkedPrefix(prefix) };
  let next: string | undefined;
  do {
    const command = new ListObjectsV2Command(
      next === undefined ? below : { ...below, ContinuationToken: next },
    );
    const answer = await asked(after, 0, ({ signal }) => client.send(command, { abortSignal: signal }));
    if (answer === null) throw new StoreUnavailable('There is no such bucket');
    for (const { Key: key, LastModified: at } of answer.Contents ?? [])
      if (key !== undefined && at !== undefined) yield { key, putAt: at.getTime() };
    next = answer.NextContinuationToken;
  } while (next !== undefined);
}
