import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { type Child, spawned } from './children.ts';
import { reachable } from './sink.ts';

const RIVALS = join(import.meta.dirname, '../rivals');

/** A package that only the bench wants; null when it is not installed. */
export function rivalPackage(name: string): string | null {
  try {
    return createRequire(join(RIVALS, 'package.json')).resolve(name);
  } catch {
    return null;
  }
}

export interface HttpProgram {
  readonly port: number;
  readonly child: Child;
  stop(): Promise<void>;
}

/** Haraka with an HTTP endpoint before its outbound queue; every mail goes to the sink. */
export async function startHaraka(call: {
  readonly package: string;
  readonly sinkPort: number;
}): Promise<HttpProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'));
  const [smtpPort, port] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'config'));
  await mkdir(join(folder, 'plugins'));
  await mkdir(join(folder, 'queue'));
  const files = {
    'smtp.ini': `listen=127.0.0.1:${smtpPort}\nnodes=0\n`,
    'outbound.ini': 'enable_tls=false\nlocal_mx_ok=true\n',
    'log.ini': '[main]\nlevel=warn\n',
    plugins: 'bench_http\n',
    me: 'bench.example\n',
    host_list: 'bench.example\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'config', name), text);
  await cp(join(RIVALS, 'haraka-plugin.cjs'), join(folder, 'plugins/bench_http.js'));
  const child = spawned(process.execPath, [join(call.package, '../bin/haraka'), '-c', folder], {
    env: {
      BENCH_HTTP_PORT: String(port),
      BENCH_SINK_PORT: String(call.sinkPort),
      BENCH_HARAKA: call.package,
      BENCH_REQUIRE_FROM: import.meta.filename,
    },
  });
  await Promise.race([
    reachable(port),
    child.ended.then((code) => {
      throw new Error(`Haraka ended with ${code}`);
    }),
  ]);
  return {
    port,
    child,
    async stop() {
      child.process.kill('SIGKILL');
      await child.ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
