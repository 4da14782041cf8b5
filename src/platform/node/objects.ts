import { join } from 'node:path';
import { objectKey } from '../../objects/key.ts';
import { reasonOf } from '../../objects/reason.ts';
import { s3Store } from '../../objects/s3.ts';
import type { ObjectStore } from '../../objects/store.ts';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import { openFolder } from './folder.ts';
import { sha256Hasher } from './hasher.ts';
import { clock } from './host.ts';
import { newId } from './ids.ts';

/**
 * The bucket of the settings, or a folder beside the databases.
 *
 * @param place as in `openFolder`, for a thread that opens the same store again
 */
export async function openObjects(
  settings: Pick<Settings, 's3' | 'DATA_DIR'>,
  log: Log,
  place?: string,
): Promise<ObjectStore> {
  if (settings.s3 === null) return openFolder(join(settings.DATA_DIR, 'objects'), place);
  // Loaded only where it is used: it is the largest library of all, and most installations have a folder.
  const { sdkBucket } = await import('../../objects/s3-sdk.ts');
  const store = s3Store({
    bucket: sdkBucket(settings.s3),
    hasher: sha256Hasher,
    now: clock.now,
    after: clock.after,
    newId,
  });
  void tellIfDown(store, log);
  return store;
}

/** A slip in the settings is told at the start, and not by the first attachment. No reason to stay down: small mail needs no bucket. */
async function tellIfDown(store: ObjectStore, log: Log): Promise<void> {
  try {
    await store.head(objectKey({ account: 'default', id: 'probe' }));
  } catch (cause) {
    log({ level: 'error', event: 'object_store_unavailable', reason: reasonOf(cause) });
  }
}
