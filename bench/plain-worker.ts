/** The Worker as a deployment builds it, in a workerd that nothing else runs in. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const BUILT_WITHIN_MS = 60_000;
/** Written by every build; a deployment has them as assets. */
const DOCUMENTS = join(ROOT, '.wrangler/documents');
/** As in wrangler.toml; at this date `nodejs_compat` needs no flag. */
const CLASSES = ['Mailroom', 'Relay', 'Notifier', 'Reader'];
const COMPATIBILITY_DATE = '2026-11-02';

const run = promisify(execFile);
const wranglerPackage = createRequire(import.meta.url).resolve('wrangler/package.json');
/** The runtime that this wrangler brings along. */
const workerd: string = createRequire(wranglerPackage)('workerd').default;

/** Builds as a deployment does; answers the modules that would be uploaded. */
export async function build(folder: string, config = 'wrangler.toml'): Promise<readonly string[]> {
  const wrangler = join(dirname(wranglerPackage), 'bin/wrangler.js');
  await run(process.execPath, [wrangler, 'deploy', '--dry-run', '--config', config, '--outdir', folder], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    timeout: BUILT_WITHIN_MS,
  });
  const files = await readdir(folder);
  return files.filter((file) => !/\.map$|^README|\.capnp$/.test(file));
}

/** What our Worker needs around it. */
export interface Surroundings {
  /** Variables and secrets. */
  readonly settings: Readonly<Record<string, string>>;
  /** Port of a bucket in another process; without one no object can be stored. */
  readonly bucketPort?: number;
  /** Its Durable Objects, where they are not ours. */
  readonly classes?: readonly string[];
}

/** Writes the runtime's configuration beside the modules; answers its path. Without surroundings the Worker has nothing. */
export async function configure(
  folder: string,
  worker: {
    readonly modules: readonly string[];
    readonly port: number;
    readonly surroundings?: Surroundings;
  },
): Promise<string> {
  const { modules, port, surroundings } = worker;
  const listed = modules.map((name) => {
    const kind = name.endsWith('.js') ? 'esModule' : 'text';
    return `(name = "${name}", ${kind} = embed "${name}")`;
  });
  // The main module comes first.
  listed.sort((one, other) => Number(other.includes('esModule')) - Number(one.includes('esModule')));
  const bucket =
    surroundings?.bucketPort === undefined
      ? ''
      : `(name = "bucket", external = (address = "127.0.0.1:${surroundings.bucketPort}", http = ())),`;
  const disk = join(folder, 'disk');
  await mkdir(disk);
  const text = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${listed.join(', ')}],
      compatibilityDate = "${COMPATIBILITY_DATE}",
      ${surroundings === undefined ? '' : objectsAndBindings(surroundings)}
    )),
    ${bucket}
    (name = "disk", disk = (path = "${disk}", writable = true)),
    (name = "documents", disk = (path = "${DOCUMENTS}")),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`;
  const path = join(folder, 'config.capnp');
  await writeFile(path, text);
  return path;
}

function objectsAndBindings({ settings, bucketPort, classes = CLASSES }: Surroundings): string {
  const namespaces = classes.map(
    (name) => `(className = "${name}", uniqueKey = "${name}", enableSql = true)`,
  );
  const bindings = [
    ...classes.map((name) => `(name = "${name.toUpperCase()}", durableObjectNamespace = "${name}")`),
    `(name = "OBJECTS", r2Bucket = "${bucketPort === undefined ? 'main' : 'bucket'}")`,
    '(name = "DOCUMENTS", service = "documents")',
    `(name = "VERSION", json = ${JSON.stringify('{"timestamp":"2026-01-01T00:00:00Z"}')})`,
    ...Object.entries(settings).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`),
  ];
  return `durableObjectNamespaces = [${namespaces.join(', ')}],
      durableObjectStorage = (localDisk = "disk"),
      bindings = [${bindings.join(', ')}],`;
}

export function serve(config: string, withinMs: number): ChildProcess {
  return spawn(workerd, ['serve', config], { stdio: ['ignore', 'ignore', 'inherit'], timeout: withinMs });
}

/** Asks until there is an answer. */
export async function firstAnswer(url: string): Promise<void> {
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    if (answer === null) continue;
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    return;
  }
}
