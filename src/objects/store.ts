export interface ObjectMeta {
  readonly size: number;
  /** Lower-case hex. Empty for what a client put into the bucket itself (`presignPut`): nobody has hashed that yet. */
  readonly sha256: string;
  readonly contentType: string | null;
}

/** What is known of a body before it is read. Where it turns out otherwise, nothing is stored. */
export interface PutMeta {
  readonly contentType: string | null;
  readonly size?: number;
  /** Lower-case hex. */
  readonly sha256?: string;
}

/** An upload that a client makes without us. */
export interface PutToSign {
  readonly key: string;
  readonly size: number;
  readonly contentType: string;
  readonly expiresInSeconds: number;
  /** Lower-case hex. Stores that know how to hold a body to it do; nothing may rest on that. */
  readonly sha256?: string;
}

/** The request that was signed. Another method, length or type, or a later moment, is refused by the store. */
export interface SignedPut {
  readonly method: 'PUT';
  readonly url: string;
  /** To be sent as they stand, all of them. Length is not among them: every client sends it by itself. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An object as a listing shows it. */
export interface StoredObject {
  readonly key: string;
  /** When it was put last, in milliseconds since 1970 UTC, by the store's clock. */
  readonly putAt: number;
}

/**
 * Object storage behind one narrow interface. Keys are made by the server (`t/<account>/<sha256 or random id>`), never from
 * user text; a driver refuses a key with dots, escapes, an empty segment or a leading slash before it does anything else.
 *
 * A put is whole or not there: a reader never sees half an object. A store that is down throws `StoreUnavailable`; so may a
 * body while it is read. A body is not checked against its hash here: `verified` does that. What a client put into a bucket under a
 * Content-Encoding is WrongBytes to every verb that reads.
 */
export interface ObjectStore {
  /** @throws WrongBytes when the body is not what `meta` said; an error of the body itself passes through as it is. */
  put(key: string, body: AsyncIterable<Uint8Array> | Uint8Array, meta: PutMeta): Promise<ObjectMeta>;
  /** Null when there is none. Nothing is fetched or held open before the body is read, and it is read once. */
  get(key: string): Promise<{ readonly meta: ObjectMeta; readonly body: AsyncIterable<Uint8Array> } | null>;
  head(key: string): Promise<ObjectMeta | null>;
  /**
   * Takes a copy that nobody else can reach, hashes the copy, and keeps it under the key that `keyFor` makes of what was
   * found: whatever is written to `from` meanwhile or later, the bytes under the new key are those that were hashed. Null
   * from `keyFor` drops the copy. Where the new key holds the same bytes already, nothing is written.
   *
   * Answers null when there is nothing at `from`; else what was found, and the key it is kept under.
   */
  copy(
    from: string,
    keyFor: (found: ObjectMeta) => string | null,
  ): Promise<{ readonly meta: ObjectMeta; readonly key: string | null } | null>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
  /** Everything below a prefix that ends in "/", in any order: for the sweep alone, no route leads here. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Where the store takes uploads by itself; elsewhere they stream through us. */
  presignPut?(put: PutToSign): Promise<SignedPut>;
}

/** The store cannot be reached or cannot persist: nothing is known to be stored. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The bytes are not those that were announced or stored: another length, another hash. */
export class WrongBytes extends Error {
  override readonly name = 'WrongBytes';
}
