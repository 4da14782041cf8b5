import { expect, it } from 'vitest';
import { Place } from './place.ts';

it('a process that is ended because it lived too long is no process that ended by itself: whoever ends it is told', async () => {
  const place = await Place.open();
  const one = await place.start({}, 'node', { lifetimeMs: 3_000 });
  const closed = new Promise((resolve) => one.child.once('close', resolve));
  await closed;
  await expect(one.end('SIGTERM')).rejects.toThrow('lifetimeMs');
  await expect(place.close()).rejects.toThrow('lifetimeMs');
});
