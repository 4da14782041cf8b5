import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What the tools of the platform need of the surroundings; everything else they get is a setting of ours. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'NO_COLOR'] as const;

/** Nothing is reported, looked up or asked: it starts on a machine without a network. */
const QUIET = {
  CI: '1',
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_WRITE_LOGS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  // Settings travel as environment: in the arguments they would be in everybody's list of processes, and in a file `$`
  // and quotes would change their meaning.
  CLOUDFLARE_INCLUDE_PROCESS_ENV: 'true',
} as const;

/** Starts the Worker of wrangler.toml in workerd on this machine. */
export function spawnWrangler(parts: {
  readonly root: string;
  readonly host: string;
  readonly port: number;
  /** Where databases and objects are kept between starts. */
  readonly state: string;
  /** A file without a line in it. */
  readonly emptyFile: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly surroundings: Readonly<Record<string, string | undefined>>;
}): ChildProcess {
  const passed = PASSED_ON.flatMap((name) => {
    const value = parts.surroundings[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve('wrangler/package.json')),
    'bin/wrangler.js',
  );
  return spawn(
    process.execPath,
    [
      wrangler,
      'dev',
      '--local',
      ...['--ip', parts.host],
      ...['--port', String(parts.port)],
      ...['--inspector-port', '0'],
      ...['--persist-to', parts.state],
      // An empty one: settings come from here alone, as with the other host, and not from `.env` or `.dev.vars`.
      ...['--env-file', parts.emptyFile],
      ...['--log-level', 'warn'],
      '--show-interactive-dev-session=false',
    ],
    {
      cwd: parts.root,
      env: { ...Object.fromEntries(passed), ...QUIET, ...parts.settings },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}
