import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What is kept apart from the rest of this machine. */
export interface Apart {
  readonly network?: boolean;
  readonly mounts?: boolean;
}

/** The command that runs another in namespaces of its own; null where that is not permitted. */
function unshare({ network = false, mounts = false }: Apart): readonly string[] | null {
  const kinds = [...(network ? ['--net'] : []), ...(mounts ? ['--mount'] : [])];
  const isRoot = process.getuid?.() === 0;
  const command = ['unshare', ...kinds, ...(isRoot ? [] : ['--map-root-user'])];
  const [first = '', ...args] = command;
  return spawnSync(first, [...args, 'true']).status === 0 ? command : null;
}

/**
 * Runs a program of ours there, by its path, and reads what it prints as JSON; null where namespaces are not permitted.
 *
 * @throws when it does not end with 0.
 */
export async function runApart<Printed>(
  program: string,
  { args, apart }: { readonly args: readonly string[]; readonly apart: Apart },
): Promise<Printed | null> {
  const command = unshare(apart);
  if (command === null) return null;
  const [first = '', ...rest] = [...command, process.execPath, program, ...args];
  const child = spawn(first, rest, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const endWithUs = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  process.on('exit', endWithUs);
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  process.off('exit', endWithUs);
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return JSON.parse(printed);
}
