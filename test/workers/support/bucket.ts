import type { TestProject } from 'vitest/node';
import { startS3Server } from '../../support/s3-server.ts';
import type {} from './provided.ts';

/** A real S3 server in this process, for tests that run in another one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startS3Server();
  project.provide('bucket', server.settings);
  return () => server.close();
}
