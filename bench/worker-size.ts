import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

/**
 * What the Worker weighs, and what it adds to the first answer of a fresh workerd over a Worker that does nothing.
 *
 *     node bench/worker-size.ts [--json]
 */
const ROOT = join(import.meta.dirname, '..');
const REPEATS = 7;
const ENDED_AFTER_MS = 60_000;
/** As in wrangler.toml; at this date `nodejs_compat` needs no flag. */
const COMPATIBILITY_DATE = '2026-11-02';
const EMPTY = "export default { fetch() { return new Response('') } }";

const run = promisify(execFile);
const wranglerPackage = createRequire(import.meta.url).resolve('wrangler/package.json');
/** The runtime that this wrangler brings along. */
const workerd: string = createRequire(wranglerPackage)('workerd').default;

/** Builds as a deployment does; answers the folder of the modules that would be uploaded. */
async function build(folder: string): Promise<readonly string[]> {
  const wrangler = join(dirname(wranglerPackage), 'bin/wrangler.js');
  await run(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', folder], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    timeout: ENDED_AFTER_MS,
  });
  const files = await readdir(folder);
  return files.filter((file) => !/\.map$|^README/.test(file));
}

async function configOf(folder: string, modules: readonly string[], port: number): Promise<string> {
  const listed = modules.map((name) => {
    const kind = name.endsWith('.js') ? 'esModule' : 'text';
    return `(name = "${name}", ${kind} = embed "${name}")`;
  });
  // The main module comes first.
  listed.sort((one, other) => Number(other.includes('esModule')) - Number(one.includes('esModule')));
  const isOurs = modules.length > 1;
  const objects = `
    durableObjectNamespaces = [(className = "Mailroom", uniqueKey = "m", enableSql = true), (className = "Relay", uniqueKey = "r", enableSql = true)],
    durableObjectStorage = (inMemory = void),
    bindings = [
      (name = "MAILROOM", durableObjectNamespace = "Mailroom"),
      (name = "RELAY", durableObjectNamespace = "Relay"),
      (name = "OBJECTS", r2Bucket = "main"),
      (name = "VERSION", json = "{\\"timestamp\\":\\"2026-01-01T00:00:00Z\\"}"),
      (name = "PUBLIC_URL", text = "http://127.0.0.1"),
      (name = "SECRET_KEY", text = "a secret of thirty-two bytes or more"),
      (name = "API_KEY", text = "a-key-that-nobody-uses"),
      (name = "CATCH_ALL_PORT", text = "2525"),
    ],`;
  const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [${listed.join(', ')}],
    compatibilityDate = "${COMPATIBILITY_DATE}",
    ${isOurs ? objects : ''}
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`;
  const path = join(folder, 'config.capnp');
  await writeFile(path, text);
  return path;
}

/** Milliseconds from the start of the process to the first answer. */
async function firstAnswer(config: string, port: number): Promise<number> {
  const began = performance.now();
  const child = spawn(workerd, ['serve', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: ENDED_AFTER_MS,
  });
  try {
    for (;;) {
      const answer = await fetch(`http://127.0.0.1:${port}/openapi.yaml`).catch(() => null);
      if (answer === null) continue;
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      return performance.now() - began;
    }
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
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
  const emptyConfig = await configOf(folder, ['empty.js'], port);
  const ourConfig = await configOf(ours, modules, port);
  const empty: number[] = [];
  const full: number[] = [];
  // In turns, so that whatever else the machine does meets both.
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    empty.push(await firstAnswer(emptyConfig, port));
    full.push(await firstAnswer(ourConfig, port));
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
