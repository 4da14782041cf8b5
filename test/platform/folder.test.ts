import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { collect } from '../../src/http/collect.ts';
import { type ObjectStore, StoreUnavailable } from '../../src/objects/store.ts';
import { openFolder } from '../../src/platform/node/folder.ts';
import { objectsContract } from '../contracts/objects.ts';

const made: string[] = [];
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mailwright-folder-'));
  made.push(path);
  return path;
}
afterEach(() => vi.restoreAllMocks());
afterAll(() => Promise.all(made.map((path) => rm(path, { recursive: true }))));

let latest = '';
objectsContract('a folder', {
  async open() {
    latest = join(await folder(), 'objects');
    return openFolder(latest);
  },
  async everything() {
    const found = await readdir(latest, { recursive: true, withFileTypes: true }).catch(() => []);
    return found.filter((entry) => entry.isFile()).map(({ name }) => name);
  },
});

it('a folder that cannot be written to says that the store is unavailable', async () => {
  const root = await folder();
  await writeFile(join(root, 'objects'), 'a file where the folder should be');
  const store = openFolder(join(root, 'objects'));
  await expect(store.put('t/a/b', randomBytes(3), { contentType: null })).rejects.toThrow(StoreUnavailable);
});

it('after puts and broken puts no temporary file is left', async () => {
  const root = await folder();
  const store = openFolder(root);
  await store.put('t/a/b', randomBytes(3), { contentType: null });
  async function* broken(): AsyncIterable<Uint8Array> {
    yield randomBytes(10);
    throw new Error('gone');
  }
  await expect(store.put('t/a/c', broken(), { contentType: null })).rejects.toThrow('gone');
  expect(await readdir(join(root, 'incoming'))).toEqual([]);
  expect(await readdir(join(root, 't', 'a'))).toEqual(['b']);
});

it('a broken put keeps no file open', async () => {
  const store = openFolder(await folder());
  await store.put('t/a/b', randomBytes(3), { contentType: null });
  const before = (await readdir('/dev/fd')).length;
  async function* broken(): AsyncIterable<Uint8Array> {
    yield randomBytes(10);
    throw new Error('gone');
  }
  for (let tried = 0; tried < 20; tried++) {
    await store.put('t/a/c', broken(), { contentType: null }).catch(() => {});
  }
  expect((await readdir('/dev/fd')).length).toBeLessThan(before + 5);
});

it('what a crash left half written is gone after the first put of the next process', async () => {
  const root = await folder();
  await mkdir(join(root, 'incoming'));
  await writeFile(join(root, 'incoming', 'half'), 'half an object');
  await openFolder(root).put('t/a/b', randomBytes(3), { contentType: null });
  expect(await readdir(join(root, 'incoming'))).toEqual([]);
});

it('an object with a broken head gives a size and a hash that fit no message', async () => {
  const root = await folder();
  const store = openFolder(root);
  await store.put('t/a/b', randomBytes(100), { contentType: null });
  const file = join(root, 't', 'a', 'b');
  const bytes = await readFile(file);
  bytes.fill(0, 0, 20);
  await writeFile(file, bytes);
  expect(await store.head('t/a/b')).toEqual({ size: -1, sha256: '', contentType: null });
});

/** How a file of this process is synced on its way. */
async function syncsOnTheWay() {
  const handle = await open(await folder());
  const all: FileHandle = Object.getPrototypeOf(handle);
  await handle.close();
  return vi.spyOn(all, 'datasync');
}

const LARGE = randomBytes(5 * 1024 * 1024);

it.each([
  { how: 'that comes in pieces', body: () => pieces(LARGE) },
  { how: 'that is there at once', body: () => LARGE },
])('a large file $how is synced on its way', async ({ body }) => {
  const syncs = await syncsOnTheWay();
  const store = openFolder(await folder());
  await store.put('t/a/b', body(), { contentType: null });
  expect(syncs).toHaveBeenCalledTimes(2);
  expect(Buffer.from(await bytesOf(store, 't/a/b')).equals(LARGE)).toBe(true);
});

it('a disk that fails on the way is told, and nothing of the file is there', async () => {
  const root = await folder();
  const store = openFolder(root);
  const syncs = await syncsOnTheWay();
  syncs.mockRejectedValueOnce(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }));
  await expect(store.put('t/a/b', LARGE, { contentType: null })).rejects.toThrow(StoreUnavailable);
  expect(await store.head('t/a/b')).toBe(null);
  expect(await readdir(join(root, 'incoming'))).toEqual([]);
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
}

async function bytesOf(store: ObjectStore, key: string): Promise<Uint8Array> {
  const found = await store.get(key);
  return found === null ? new Uint8Array() : collect(found.body);
}
