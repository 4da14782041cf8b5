import { randomUUID } from 'node:crypto';
import { afterAll } from 'vitest';
import { s3Store } from '../../src/objects/s3.ts';
import { sdkBucket } from '../../src/objects/s3-sdk.ts';
import { sha256Hasher } from '../../src/platform/node/hasher.ts';
import { clock } from '../../src/platform/node/host.ts';
import { objectsContract } from '../contracts/objects.ts';
import { startS3Server } from '../support/s3-server.ts';

const server = await startS3Server();
afterAll(() => server.close());

objectsContract('a bucket', {
  async open() {
    await server.empty();
    return s3Store({
      bucket: sdkBucket(server.settings),
      hasher: sha256Hasher,
      now: clock.now,
      after: clock.after,
      newId: randomUUID,
    });
  },
  everything: async () => [...(await server.keys()), ...(await server.unfinished())],
});
