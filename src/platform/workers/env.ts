import type { Mailroom } from './mailroom-object.ts';
import type { Notifier } from './notifier-object.ts';
import type { Reader } from './reader-object.ts';
import type { Relay } from './relay-object.ts';
import type { SettingName } from './settings.ts';

/** What the runtime hands to the Worker: the bindings of wrangler.toml; settings and secrets are strings or absent. */
export type Env = {
  readonly MAILROOM: DurableObjectNamespace<Mailroom>;
  readonly RELAY: DurableObjectNamespace<Relay>;
  readonly NOTIFIER: DurableObjectNamespace<Notifier>;
  readonly READER: DurableObjectNamespace<Reader>;
  readonly OBJECTS: R2Bucket;
  /** What is written beside the Worker when it is built: the API document. */
  readonly DOCUMENTS: Fetcher;
  readonly VERSION: WorkerVersionMetadata;
} & { readonly [Name in SettingName]?: string };
