import { access, constants, statfs } from 'node:fs/promises';
import type { Clerk } from '../../clerk/clerk.ts';
import type { HealthReport } from '../../http/parts.ts';

/** Below this a commit may fail any moment: mail is refused while there is still room to finish what is here. */
const LEAST_FREE_BYTES = 16 * 1024 * 1024;

/** What GET /health says of this process. */
export async function healthReport(parts: {
  readonly clerk: Pick<Clerk, 'standings'>;
  readonly dataDir: string;
  readonly isStopping: boolean;
}): Promise<HealthReport> {
  const storage = await storageOf(parts.dataDir);
  return {
    accepting: !parts.isStopping && storage.writable,
    relays: parts.clerk.standings().map(({ name, state, cause, until, since }) => ({
      name,
      state,
      reason: cause,
      since,
      nextProbeAt: until,
    })),
    storage,
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
