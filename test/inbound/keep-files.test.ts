import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type KeptFile, keepFiles } from '../../src/inbound/keep-files.ts';
import type { AttachmentHead } from '../../src/mime/parsed.ts';
import type { ObjectStore } from '../../src/objects/store.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { memoryObjects } from '../support/memory-objects.ts';

const HEAD = {} as AttachmentHead;

async function* body(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A store whose puts end when they are told to. */
function slowStore() {
  const objects = memoryObjects();
  const waiting: (() => void)[] = [];
  let most = 0;
  const put: ObjectStore['put'] = async (...call) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      most = Math.max(most, waiting.length);
    });
    return objects.put(...call);
  };
  return { objects: { ...objects, put }, stored: objects, waiting, most: () => most };
}

function keeping(objects: ObjectStore) {
  return keepFiles({ account: 'default', objects, hasher: sha256Hasher, newId: randomUUID });
}

const turns = async (): Promise<void> => {
  for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('the files of a mail', () => {
  it('threats §7 r11: a thousand small ones are put six at a time, and all are kept at the end', async () => {
    const { objects, stored, waiting, most } = slowStore();
    const { sink, finished } = keeping(objects);
    const all = (async () => {
      const kept: KeptFile[] = [];
      for (let n = 0; n < 1_000; n += 1) kept.push(await sink(HEAD, body(`file ${n}`)));
      await finished();
      return kept.map(({ key }) => key);
    })();
    let isOver = false;
    void all.then(() => (isOver = true));
    while (!isOver) {
      await turns();
      for (const end of waiting.splice(0)) end();
    }
    expect(most()).toBe(6);
    expect(stored.keys().toSorted()).toEqual((await all).toSorted());
  });

  it('are put once when they are equal', async () => {
    const { objects, waiting } = slowStore();
    const { sink, finished } = keeping(objects);
    const [first, second] = [await sink(HEAD, body('same')), await sink(HEAD, body('same'))];
    expect(second).toEqual(first);
    await turns();
    expect(waiting).toHaveLength(1);
    waiting[0]?.();
    await finished();
  });

  it('are not all kept when one of them could not be put, and that is said', async () => {
    const objects = memoryObjects();
    objects.isDown = true;
    const { sink, finished } = keeping(objects);
    await sink(HEAD, body('a'));
    await turns();
    await expect(sink(HEAD, body('b'))).rejects.toThrow(StoreUnavailable);
    await expect(finished()).rejects.toThrow(StoreUnavailable);
  });
});
