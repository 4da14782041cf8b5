import type { ObjectStore } from '../objects/store.ts';
import { collect } from './collect.ts';
import type { Body } from './draft.ts';

/** Html and text that are kept as an object because they are large. Both null when it is not there any more. */
export async function storedBody(key: string, objects: ObjectStore): Promise<Body> {
  const object = await objects.get(key);
  if (object === null) return { html: null, text: null };
  const { html, text } = JSON.parse(new TextDecoder().decode(await collect(object.body))) as Body;
  return { html, text };
}
