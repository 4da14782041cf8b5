import { once } from 'node:events';
import { join } from 'node:path';
import { type Child, forked } from './children.ts';
import type { Load, LoadResult } from './http-load.ts';

/** The process that makes requests, ready for one load after another. */
export interface Client {
  run(load: Load): Promise<LoadResult>;
  readonly child: Child;
}

export async function openClient(): Promise<Client> {
  const { child } = await forked<'ready'>(join(import.meta.dirname, 'http-load.ts'));
  return {
    child,
    async run(load) {
      const answered = once(child.process, 'message');
      child.process.send(load);
      const [result] = (await answered) as [LoadResult];
      // A server that refuses is fast, and measures nothing.
      if (result.failed > 0)
        throw new Error(`${result.failed} requests failed, first: ${result.firstFailure}`);
      return result;
    },
  };
}
