import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { openFolder } from '../../src/platform/node/folder.ts';
import { objectsContract } from '../contracts/objects.ts';

const made: string[] = [];
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mailwright-folder-'));
  made.push(path);
  return path;
}
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
