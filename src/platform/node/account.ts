import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Settings } from '../../operator/settings.ts';
import { readSettings } from '../../operator/settings.ts';
import { openAccounts } from './accounts.ts';
import type { ControlAnswer } from './control.ts';
import { askControl } from './control.ts';
import { clock } from './host.ts';
import { lockFolder } from './lock.ts';
import { createAccount } from './operate.ts';

/**
 * `npm run account -- create NAME`: a further account, with its first key on standard output. The running process does
 * it when there is one; otherwise this one, under the folder's lock.
 */
const [verb, name, ...rest] = process.argv.slice(2);
const read = readSettings(process.env, { hostname: hostname() });
if (verb !== 'create' || name === undefined || rest.length > 0) {
  finish({ ok: false, text: 'Usage: npm run account -- create NAME' });
} else if (!read.ok) {
  finish({ ok: false, text: `These settings are wrong:\n${read.problems.join('\n')}` });
} else {
  const asked = await askControl(read.settings.DATA_DIR, { verb: 'create-account', name });
  finish(asked ?? (await createHere(name, read.settings)));
}

async function createHere(wanted: string, settings: Settings): Promise<ControlAnswer> {
  mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 });
  const lock = lockFolder(settings.DATA_DIR);
  if (lock === null) return { ok: false, text: `${settings.DATA_DIR} is in use by another process` };
  const accounts = openAccounts({
    dataDir: settings.DATA_DIR,
    // Nothing is sent or accepted here: the room is opened to be made and to be given a key.
    config: {
      relays: [],
      clearRelays: [],
      domains: null,
      rateLimit: settings.RATE_LIMIT,
      unknownPolicy: settings.UNKNOWN_RETRY,
      maxAgeMs: settings.maxAgeMs,
      retentionMs: settings.retentionMs,
      eventRetentionMs: settings.eventRetentionMs,
      inboundRetentionMs: settings.inboundRetentionMs,
    },
    lost: (cause) => {
      throw cause;
    },
  });
  try {
    return await createAccount(wanted, { accounts, prefix: settings.KEY_PREFIX, now: clock.now() });
  } finally {
    accounts.close();
    lock.release();
  }
}

function finish({ ok, text }: ControlAnswer): void {
  (ok ? process.stdout : process.stderr).write(`${text}\n`);
  process.exitCode = ok ? 0 : 1;
}
