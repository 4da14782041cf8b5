import type { Host } from '../../due/host.ts';
import { s3Store } from '../../objects/s3.ts';
import type { ObjectStore } from '../../objects/store.ts';
import type { Env } from './env.ts';
import { r2Store } from './objects.ts';
import { fetchBucket } from './s3-bucket.ts';
import type { WorkerSettings } from './settings.ts';

/** The bucket of the settings, or the R2 bucket that is bound. */
export function workerStore(parts: {
  readonly env: Pick<Env, 'OBJECTS'>;
  readonly settings: Pick<WorkerSettings, 's3'>;
  readonly host: Pick<Host, 'now' | 'after' | 'hasher'>;
}): ObjectStore {
  const { s3 } = parts.settings;
  if (s3 === null) return r2Store(parts.env.OBJECTS);
  const { now, after, hasher } = parts.host;
  return s3Store({ bucket: fetchBucket(s3), hasher, now, after, newId: () => crypto.randomUUID() });
}
