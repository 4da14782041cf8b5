import type { Host } from '../../due/host.ts';
import type { ObjectStore } from '../../objects/store.ts';
import type { Env } from './env.ts';
import { r2Store } from './objects.ts';
import type { WorkerSettings } from './settings.ts';

/** The bucket of the settings, or the R2 bucket that is bound. */
export function workerStore(parts: {
  readonly env: Pick<Env, 'OBJECTS'>;
  readonly settings: Pick<WorkerSettings, 's3'>;
  readonly host: Pick<Host, 'now' | 'after' | 'hasher'>;
}): ObjectStore {
  const { s3: settings } = parts.settings;
  if (settings === null) return r2Store(parts.env.OBJECTS);
  const { now, after, hasher } = parts.host;
  let opened: Promise<ObjectStore> | null = null;
  // The largest library of all is read when it is first needed, and by those alone who have such a bucket.
  const store = (): Promise<ObjectStore> => {
    opened ??= import('../../objects/s3.ts').then(({ s3Store }) =>
      s3Store({ settings, hasher, now, after, newId: () => crypto.randomUUID() }),
    );
    return opened;
  };
  return {
    put: async (key, body, meta) => (await store()).put(key, body, meta),
    get: async (key) => (await store()).get(key),
    head: async (key) => (await store()).head(key),
    copy: async (from, keyFor) => (await store()).copy(from, keyFor),
    delete: async (key) => (await store()).delete(key),
    async *list(prefix) {
      yield* (await store()).list(prefix);
    },
    async presignPut(put) {
      const { presignPut } = await store();
      if (presignPut === undefined) throw new Error('A bucket that speaks S3 signs uploads');
      return presignPut(put);
    },
  };
}
