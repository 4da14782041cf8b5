import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** Minified and gzipped. The platform takes 3 MB of a free account, and starts a small Worker sooner. */
const MOST_KIB = 300;

let folder: string;
let code: string;
let minified: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-deploy-'));
  // Only the readable form names the files its parts came from.
  code = await deployed('--minify=false');
  minified = await deployed('--minify');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function deployed(form: '--minify' | '--minify=false'): Promise<string> {
  await promisify(execFile)(
    join(ROOT, 'node_modules/.bin/wrangler'),
    ['deploy', '--dry-run', form, '--outdir', folder],
    {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
      timeout: 60_000,
    },
  );
  return await readFile(join(folder, 'worker.js'), 'utf8');
}

test('a deployment is ready to go, with the document beside the code', async () => {
  expect((await readdir(join(ROOT, '.wrangler/documents'))).toSorted()).toEqual([
    'openapi.json',
    'openapi.yaml',
  ]);
  const modules = (await readdir(folder)).filter((file) => !/\.map$|^README/.test(file));
  expect(modules).toEqual(['worker.js']);
});

test('what only the other host needs is not in the bundle', () => {
  const foreign = [
    'node:sqlite',
    'node:child_process',
    'smtp-server',
    '@hono/node-server',
    'src/platform/node/start',
    'nodemailer/dist/esm/mime-node',
    'node_modules/@aws-sdk/client-s3',
  ];
  expect(foreign.filter((name) => code.includes(name))).toEqual([]);
  expect(code).not.toMatch(/node_modules\/(?:yaml|postal-mime|zod-openapi)\//);
});

test('the Worker stays small', () => {
  expect(gzipSync(minified).length / 1024).toBeLessThan(MOST_KIB);
});
