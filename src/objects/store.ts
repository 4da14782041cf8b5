export interface ObjectMeta {
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly contentType: string | null;
}

/**
 * Object storage behind one narrow interface. Keys are made by the server (`t/<account>/<sha256 or random id>`), never from
 * user text; a driver refuses a key with dots, escapes, an empty segment or a leading slash before it does anything else.
 *
 * A put is whole or not there: a reader never sees half an object. A store that is down throws `StoreUnavailable`.
 */
export interface ObjectStore {
  put(
    key: string,
    body: AsyncIterable<Uint8Array> | Uint8Array,
    meta: { readonly contentType: string | null },
  ): Promise<ObjectMeta>;
  /** Null when there is none. */
  get(key: string): Promise<{ readonly meta: ObjectMeta; readonly body: AsyncIterable<Uint8Array> } | null>;
  head(key: string): Promise<ObjectMeta | null>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
}

/** The store cannot be reached or cannot persist: nothing is known to be stored. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
