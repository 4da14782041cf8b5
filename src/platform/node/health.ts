import { access, constants, statfs } from 'node:fs/promises';
import type { Clerk } from '../../clerk/clerk.ts';
import type { HealthReport } from '../../http/parts.ts';

/** Below this a commit may fail any moment: mail is refused while there is still room to finish what is here. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;

/** Whether what is accepted now can be kept. */
export async function isWritable(dataDir: string): Promise<boolean> {
  return (await storageOf(dataDir)).writable;
}

/** What GET /health says of this process to those who run it. */
export async function healthReport(parts: {
  readonly clerk: Pick<Clerk, 'standings'>;
  readonly dataDir: string;
}): Promise<HealthReport> {
  return {
    relays: parts.clerk.standings().map(({ name, state, cause, until, since }) => ({
      name,
      state,
      reason: cause,
      since,
      nextProbeAt: until,
    })),
    storage: await storageOf(parts.dataDir),
  };
}

async function storageOf(dataDir: string): Promise<HealthReport['storage']> {
  try {
    await access(dataDir, constants.W_OK);
    const { bavail, bsize } = await statfs(dataDir);
    const freeBytes = bavail * bsize;
    return { writable: freeBytes >= LEAST_FREE_BYTES, freeBytes };
  } catch {
    return { writable: false, freeBytes: null };
  }
}
