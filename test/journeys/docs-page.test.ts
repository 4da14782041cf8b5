import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, QUIET } from './browser.ts';
import { type SdkService, startForSdk } from './sdk-service.ts';

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
