import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Line } from '../../src/operator/log.ts';
import { openObjects } from '../../src/platform/node/objects.ts';
import { startS3Server } from '../support/s3-server.ts';

const server = await startS3Server();
const DATA_DIR = await mkdtemp(join(tmpdir(), 'mailwright-objects-'));
afterAll(async () => {
  await server.close();
  await rm(DATA_DIR, { recursive: true });
});

describe('the object store of a process', () => {
  it('is a folder in DATA_DIR when no bucket is named', async () => {
    const store = await openObjects({ s3: null, DATA_DIR }, () => {});
    await store.put('t/default/one', new TextEncoder().encode('x'), { contentType: null });
    expect(await readdir(join(DATA_DIR, 'objects', 't', 'default'))).toEqual(['one']);
    expect(store.presignPut).toBeUndefined();
  });

  it('is the bucket that is named, and nothing is said of one that answers', async () => {
    const lines: Line[] = [];
    const store = await openObjects({ s3: server.settings, DATA_DIR }, (line) => lines.push(line));
    await store.put('t/default/two', new TextEncoder().encode('x'), { contentType: null });
    expect(await server.keys()).toEqual(['t/default/two']);
    expect(await readdir(join(DATA_DIR, 'objects', 't', 'default'))).toEqual(['one']);
    expect(lines).toEqual([]);
  });

  it.each([
    ['another bucket', { bucket: 'missing' }],
    ['wrong credentials', { secretAccessKey: 'canary-7c1f' }],
  ])('that cannot be used is told in the log at once, without names and secrets: %s', async (_, wrong) => {
    const line = await new Promise<Line>((resolve) => {
      void openObjects({ s3: { ...server.settings, ...wrong }, DATA_DIR }, resolve);
    });
    expect(line).toMatchObject({ level: 'error', event: 'object_store_unavailable' });
    expect(JSON.stringify(line)).not.toMatch(/canary|127\.0\.0\.1|S3RVER/);
  });

  it('opens at once when nobody answers: small mail needs no bucket', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const endpoint = `http://127.0.0.1:${port}`;
    await openObjects({ s3: { ...server.settings, endpoint }, DATA_DIR }, () => {});
    silent.close();
  });
});
