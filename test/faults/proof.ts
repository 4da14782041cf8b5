import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { LONG_VARIABLE } from '../support/cases.ts';
import type { Figure, Report } from './figure.ts';

const ROOT = join(import.meta.dirname, '../..');
const RUNNER = join(ROOT, 'node_modules/vitest/vitest.mjs');

/** A figure that tests of the rooms prove already: they are run as they are, and counted. */
export interface Claim {
  /** What must not happen. */
  readonly figure: string;
  readonly unit: string;
  /** Paths from the root of the project. */
  readonly files: readonly string[];
  /** Of their tests, those with such a name; all of them when left out. */
  readonly named?: RegExp;
  /** Another configuration than that of `npm test`'s first half. */
  readonly config?: string;
}

/** That of the tests that run inside workerd. */
export const IN_WORKERD = 'vitest.workers.config.ts';

interface Tried {
  readonly file: string;
  readonly fullName: string;
  readonly status: string;
  readonly meta: { readonly cases?: number };
  readonly failureMessages: readonly string[];
}

/** Runs the tests behind the claims and counts their cases. A test that was skipped has shown nothing. */
export async function prove(
  part: string,
  { claims, isLong }: { readonly claims: readonly Claim[]; readonly isLong: boolean },
): Promise<Report> {
  const tried: Tried[] = [];
  for (const [config, some] of Map.groupBy(claims, (claim) => claim.config ?? 'vitest.config.ts')) {
    tried.push(...(await runTests(some, { config, isLong })));
  }
  const counted = claims.map((claim) => countFor(claim, tried));
  return {
    part,
    figures: counted.map(({ figure }) => figure),
    facts: { tests: new Set(counted.flatMap(({ own }) => own)).size },
    evidence: [...new Set(counted.flatMap(({ evidence }) => evidence))],
  };
}

function countFor({ figure, unit, files, named }: Claim, tried: readonly Tried[]) {
  const own = tried.filter(
    ({ file, fullName, status }) =>
      files.includes(file) && (named?.test(fullName) ?? true) && ['passed', 'failed'].includes(status),
  );
  const failed = own.filter(({ status }) => status === 'failed');
  const of = own.reduce((sum, { meta }) => sum + (meta.cases ?? 1), 0);
  const counted: Figure = { figure, unit, of, seen: failed.length, atMost: 0 };
  const evidence = failed.map(
    ({ fullName, failureMessages: [message = ''] }) => `${fullName}: ${message.split('\n')[0]}`,
  );
  return { figure: counted, own, evidence };
}

async function runTests(
  claims: readonly Claim[],
  { config, isLong }: { readonly config: string; readonly isLong: boolean },
): Promise<readonly Tried[]> {
  const files = [...new Set(claims.flatMap((claim) => claim.files))];
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-proof-'));
  const output = join(folder, 'tests.json');
  const child = spawn(
    process.execPath,
    [RUNNER, 'run', '-c', config, ...files, '--reporter=json', `--outputFile=${output}`],
    {
      cwd: ROOT,
      // What the runtimes complain about is what the tests do to them.
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...(isLong ? { [LONG_VARIABLE]: '1' } : {}) },
    },
  );
  const endWithUs = (): boolean => child.kill('SIGKILL');
  process.on('exit', endWithUs);
  const [complaints] = await Promise.all([text(child.stderr), once(child, 'close')]);
  process.off('exit', endWithUs);
  try {
    const printed = await readFile(output, 'utf8').catch(() => {
      throw new Error(`No tests were run: ${complaints}`);
    });
    const { testResults } = JSON.parse(printed);
    return testResults.flatMap(({ name, status, message, assertionResults }: TestFile) => {
      const file = relative(ROOT, name);
      if (assertionResults.length > 0 || status === 'passed')
        return assertionResults.map((one) => ({ ...one, file }));
      // A file that could not even be loaded has shown the opposite.
      return [{ file, fullName: file, status: 'failed', meta: {}, failureMessages: [message] }];
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface TestFile {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly Omit<Tried, 'file'>[];
}
