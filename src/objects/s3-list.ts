import type { Bucket } from './bucket.ts';
import { checkedPrefix } from './key.ts';
import type { After } from './s3-requests.ts';
import { asked } from './s3-requests.ts';
import type { StoredObject } from './store.ts';
import { StoreUnavailable } from './store.ts';

/** Page by page, a thousand at a time: what has been read of a bucket is never in memory as a whole. */
export async function* listBucket(
  store: { readonly bucket: Bucket; readonly after: After },
  prefix: string,
): AsyncIterable<StoredObject> {
  const { bucket, after } = store;
  const below = checkedPrefix(prefix);
  let page: string | undefined;
  do {
    const asking = { prefix: below, page };
    const listed = await asked(after, 0, ({ signal }) => bucket.list(asking, signal));
    if (listed === null) throw new StoreUnavailable('There is no such bucket');
    yield* listed.objects;
    page = listed.next;
  } while (page !== undefined);
}
