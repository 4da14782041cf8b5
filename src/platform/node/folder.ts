import { randomUUID } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gathered } from '../../objects/gathered.ts';
import { checkedKey, checkedPrefix } from '../../objects/key.ts';
import type { Measured } from '../../objects/measured.ts';
import { measured } from '../../objects/measured.ts';
import type { ObjectMeta, ObjectStore, PutMeta } from '../../objects/store.ts';
import { StoreUnavailable } from '../../objects/store.ts';
import { sha256Hasher } from './hasher.ts';

// A file is a head of fixed length, then the body. The head (JSON, padded with spaces) is in the same file so that
// one rename makes both appear: with a second file beside it a crash could pair a new head with an old body.
const HEAD_BYTES = 1024;

const READ_BYTES = 64 * 1024;

/** All of a large file synced at its end would keep the disk from the sends of others that wait for their commit meanwhile. */
const SYNC_EVERY_BYTES = 2 * 1024 * 1024;

/**
 * Objects as files below `root`. A put is durable when its promise resolves: the file is synced, renamed into place, and
 * the folders above it are synced too. Size and hash are stored on write; whoever reads compares them (the store's seam).
 *
 * @param place where it writes what is not whole yet: whoever opens the folder beside another has a place of his own there
 */
export function openFolder(root: string, place = 'incoming'): ObjectStore {
  const incoming = join(root, place);
  const settled = new Set<string>();
  const pathOf = (key: string): string => join(root, checkedKey(key));
  let cleared: Promise<void> | null = null;

  /** What a crash left half written is nobody's: one process at a time has the folder, and one store this place in it. */
  async function clear(): Promise<void> {
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true });
  }

  /** Writes a file that nobody sees, then moves it to where `placeOf` says; nowhere when that is null. */
  async function keep(
    body: AsyncIterable<Uint8Array> | Uint8Array,
    announced: PutMeta,
    placeOf: (found: ObjectMeta) => string | null,
  ): Promise<ObjectMeta> {
    const passing = measured(body, announced, sha256Hasher());
    const temporary = join(incoming, randomUUID());
    const file = await reaching(async () => {
      cleared ??= clear();
      await cleared.catch((cause: unknown) => {
        cleared = null;
        throw cause;
      });
      return open(temporary, 'wx', 0o600);
    });
    try {
      // The caller's stream may fail for reasons of its own: that error passes through as it is.
      const found = await write(file, passing);
      await reaching(() => file.close());
      const path = placeOf(found);
      await reaching(() => (path === null ? rm(temporary) : moveInto(temporary, path, { root, settled })));
      return found;
    } catch (cause) {
      await file.close().catch(() => {});
      await rm(temporary, { force: true }).catch(() => {});
      throw cause;
    }
  }

  return {
    async put(key, body, announced) {
      const path = pathOf(key);
      return keep(body, announced, () => path);
    },

    async get(key) {
      const path = pathOf(key);
      const meta = await readMeta(path);
      return meta === null ? null : { meta, body: readBody(path) };
    },

    async head(key) {
      return readMeta(pathOf(key));
    },

    async copy(from, keyFor) {
      const path = pathOf(from);
      const source = await readMeta(path);
      if (source === null) return null;
      let key: string | null = null;
      const meta = await keep(readBody(path), { contentType: source.contentType }, (found) => {
        key = keyFor(found);
        return key === null ? null : pathOf(key);
      });
      return { meta, key };
    },

    async delete(key) {
      const path = pathOf(key);
      await reaching(() => rm(path, { force: true }));
    },

    async *list(prefix) {
      const folder = join(root, checkedPrefix(prefix));
      const entries = await reaching(() => opendir(folder).catch(nullWhenAbsent));
      for await (const entry of entries ?? []) {
        if (!entry.isFile()) continue;
        // A put writes a file of its own and renames it: the time of its last writing is that of the put.
        const found = await reaching(() => stat(join(folder, entry.name)).catch(nullWhenAbsent));
        if (found !== null) yield { key: `${prefix}${entry.name}`, putAt: found.mtimeMs };
      }
    },
  };
}

async function write(file: FileHandle, passing: Measured): Promise<ObjectMeta> {
  let position = HEAD_BYTES;
  let synced = 0;
  for await (const piece of gathered(passing.pieces)) {
    // A file from a JSON body is one piece, however large it is.
    for (let from = 0; from < piece.byteLength; from += SYNC_EVERY_BYTES) {
      const part = piece.subarray(from, from + SYNC_EVERY_BYTES);
      const at = position;
      await reaching(() => writeAll(file, part, at));
      position += part.byteLength;
      if (position - synced < SYNC_EVERY_BYTES) continue;
      synced = position;
      await reaching(() => file.datasync());
    }
  }
  const found = await passing.found();
  const head = Buffer.alloc(HEAD_BYTES, 0x20);
  head.write(JSON.stringify(found));
  await reaching(async () => {
    await writeAll(file, head, 0);
    await file.sync();
  });
  return found;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const step = await file.write(bytes, written, bytes.byteLength - written, position + written);
    written += step.bytesWritten;
  }
}

/** `settled` holds the folders whose own entries are known to be on disk, so that each is synced upwards only once. */
async function moveInto(
  temporary: string,
  path: string,
  place: { readonly root: string; readonly settled: Set<string> },
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  await rename(temporary, path);
  await syncFolder(folder);
  if (place.settled.has(folder)) return;
  for (let at = folder; at !== place.root; at = dirname(at)) await syncFolder(dirname(at));
  place.settled.add(folder);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readMeta(path: string): Promise<ObjectMeta | null> {
  const file = await reaching(() => open(path, 'r').catch(nullWhenAbsent));
  if (file === null) return null;
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    await reaching(() => file.read(head, 0, HEAD_BYTES, 0));
    return readHead(head);
  } finally {
    await file.close();
  }
}

/** A head we cannot read is damage to the disk, not a store that is down: its size and hash match no message. */
function readHead(head: Buffer): ObjectMeta {
  try {
    const { size, sha256, contentType } = JSON.parse(head.toString('utf8')) as ObjectMeta;
    if (typeof size === 'number' && typeof sha256 === 'string') return { size, sha256, contentType };
  } catch {
    // Told apart below by values that no object has.
  }
  return { size: -1, sha256: '', contentType: null };
}

/** Opens the file when the first piece is asked for: a body that nobody reads holds no descriptor. */
async function* readBody(path: string): AsyncIterable<Uint8Array> {
  const file = await reaching(() => open(path, 'r'));
  try {
    let position = HEAD_BYTES;
    for (;;) {
      const at = position;
      // A fresh buffer for each piece: the reader may keep it.
      const { bytesRead, buffer } = await reaching(() =>
        file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at),
      );
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function nullWhenAbsent(cause: unknown): null {
  // ENOTDIR: a segment of the path is an object itself, so there is nothing below it.
  if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
    return null;
  throw cause;
}

async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new StoreUnavailable('The object folder cannot be used', { cause });
  }
}
