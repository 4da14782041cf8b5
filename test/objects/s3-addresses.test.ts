import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { S3Settings } from '../../src/objects/s3-requests.ts';
import { sdkBucket } from '../../src/objects/s3-sdk.ts';
import { fetchBucket } from '../../src/platform/workers/s3-bucket.ts';

const SETTINGS: S3Settings = {
  endpoint: null,
  region: 'eu-central-1',
  bucket: 'mail',
  accessKeyId: 'AKID',
  secretAccessKey: 'secret',
  forcePathStyle: false,
};
const PUT = { key: 't/default/upload', size: 5, contentType: 'text/plain', expiresInSeconds: 60 };
const NOW = Date.UTC(2026, 0, 2);

const PLACES: readonly Partial<S3Settings>[] = [
  {},
  { forcePathStyle: true },
  { region: 'cn-north-1' },
  { region: 'us-east-1' },
  { bucket: 'mail.example.com' },
  { endpoint: 'https://account.r2.cloudflarestorage.com', region: 'auto' },
  { endpoint: 'https://account.r2.cloudflarestorage.com', region: 'auto', forcePathStyle: true },
  { endpoint: 'https://store.example/below/this', forcePathStyle: true },
  { endpoint: 'https://store.example:9000' },
  { endpoint: 'http://192.0.2.7:9000' },
];

test.each(PLACES)('with %o a bucket is asked where the SDK would ask for it', async (place) => {
  const settings = { ...SETTINGS, ...place };
  const ours = new URL((await fetchBucket(settings).sign(PUT, NOW)).url);
  const theirs = new URL((await sdkBucket(settings).sign(PUT, NOW)).url);
  expect(`${ours.origin}${ours.pathname}`).toBe(`${theirs.origin}${theirs.pathname}`);
  for (const name of ['X-Amz-SignedHeaders', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires']) {
    expect(ours.searchParams.get(name)).toBe(theirs.searchParams.get(name));
  }
});

test('a clock that is wrong is set by the answer of the store, before the next try', async () => {
  const signedAt: string[] = [];
  const server = createServer((request, response) => {
    signedAt.push(String(request.headers['x-amz-date']));
    response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
    response.writeHead(signedAt.length === 1 ? 403 : 204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bucket = fetchBucket({ ...SETTINGS, endpoint });
  const { signal } = new AbortController();
  await expect(bucket.delete(PUT.key, signal)).rejects.toThrow('403');
  expect(await bucket.delete(PUT.key, signal)).toBe(true);
  server.close();
  const [before = 0, after = 0] = signedAt.map((text) =>
    Date.parse(text.replace(/^(....)(..)(..)T(..)(..)/, '$1-$2-$3T$4:$5:')),
  );
  expect(Math.round((after - before) / 60_000)).toBe(60);
});
