import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SdkService, startForSdk } from './sdk-service.ts';

const CHROMIUM = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
);
/** Without them the browser calls its maker, whatever page it shows. */
const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(CHROMIUM === undefined)('the reference at /docs in a real browser', () => {
  let service: SdkService;
  let profile: string;
  beforeAll(async () => {
    service = await startForSdk();
    profile = await mkdtemp(join(tmpdir(), 'mailwright-browser-'));
  });
  afterAll(async () => {
    await service.stop();
    await rm(profile, { recursive: true, force: true });
  });

  test('shows every part of the API, and its own policy stops nothing of it', async () => {
    const { stdout, stderr } = await promisify(execFile)(
      CHROMIUM ?? '',
      [
        ...QUIET,
        `--user-data-dir=${profile}`,
        '--enable-logging=stderr',
        // A page that asked anybody else would find nobody.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        '--dump-dom',
        `${service.url}/docs`,
      ],
      { timeout: 25_000, maxBuffer: 32 * 1024 * 1024 },
    );
    expect(stdout).toContain('Send an e-mail');
    expect(stdout).toContain('Posted to webhooks');
    expect(stdout).not.toMatch(/<(?:script|img|iframe)\b/);
    expect(stdout).not.toMatch(/\b(?:src|href)="(?:https?:)?\/\//);
    expect(stderr).not.toMatch(/Refused to|Content Security Policy/);
  });
});
