import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freePort } from '../test/support/free-port.ts';
import { build, configure, firstAnswer, serve } from './plain-worker.ts';

/**
 * What the Worker weighs, and what it adds to the first answer of a fresh workerd over a Worker that does nothing.
 *
 *     node bench/worker-size.ts [--json]
 */
const REPEATS = 7;
const ENDED_AFTER_MS = 60_000;
const EMPTY = "export default { fetch() { return new Response('') } }";

const SURROUNDINGS = {
  settings: {
    PUBLIC_URL: 'http://127.0.0.1',
    SECRET_KEY: 'a secret of thirty-two bytes or more',
    API_KEY: 'a-key-that-nobody-uses',
    CATCH_ALL_PORT: '2525',
  },
};

/** Milliseconds from the start of the process to the first answer. */
async function coldStart(config: string, port: number): Promise<number> {
  const began = performance.now();
  const child = serve(config, ENDED_AFTER_MS);
  try {
    await firstAnswer(`http://127.0.0.1:${port}/openapi.yaml`);
    return performance.now() - began;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

const median = (times: readonly number[]): number =>
  times.toSorted((one, other) => one - other)[times.length >> 1] ?? 0;
const spread = (times: readonly number[]): number => Math.max(...times) - Math.min(...times);

const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
try {
  const ours = join(folder, 'ours');
  const modules = await build(ours);
  const sizes = await Promise.all(
    modules.map(async (name) => ({ name, bytes: await readFile(join(ours, name)) })),
  );
  const code = sizes.filter(({ name }) => name.endsWith('.js'));
  const gzipped = (files: typeof sizes): number =>
    files.reduce((sum, { bytes }) => sum + gzipSync(bytes).length, 0);

  await writeFile(join(folder, 'empty.js'), EMPTY);
  const port = await freePort();
  const emptyConfig = await configure(folder, { modules: ['empty.js'], port });
  const ourConfig = await configure(ours, { modules, port, surroundings: SURROUNDINGS });
  const empty: number[] = [];
  const full: number[] = [];
  // In turns, so that whatever else the machine does meets both.
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    empty.push(await coldStart(emptyConfig, port));
    full.push(await coldStart(ourConfig, port));
  }
  const result = {
    bench: 'worker-size',
    gzippedKiB: Math.round(gzipped(sizes) / 1024),
    gzippedCodeKiB: Math.round(gzipped(code) / 1024),
    coldStartMs: Math.round(median(full) - median(empty)),
    firstAnswerMs: Math.round(median(full)),
    emptyWorkerMs: Math.round(median(empty)),
    spreadMs: Math.round(Math.max(spread(full), spread(empty))),
    repeats: REPEATS,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name.padEnd(16)} ${value}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
