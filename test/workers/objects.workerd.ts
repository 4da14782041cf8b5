import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { r2Store } from '../../src/platform/workers/objects.ts';
import { objectsContract } from '../contracts/objects.ts';

objectsContract('an R2 bucket', {
  async open() {
    const { objects } = await env.OBJECTS.list();
    await env.OBJECTS.delete(objects.map(({ key }) => key));
    return r2Store(env.OBJECTS);
  },
});
