import { createReceive, type ReceiveParts } from '../../inbound/funnel.ts';
import { createJudge } from '../../inbound/judge.ts';
import type { Receive } from '../../inbound/receive.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../mailroom/uuid.ts';
import { createReturnPaths, type ReturnPaths } from '../../mime/return-path.ts';
import { deriveKey } from '../../secrets/derive.ts';
import type { WorkerSettings } from './settings.ts';

/** What every mail that comes in comes through on this host. */
export function workerReceive(
  parts: Pick<ReceiveParts, 'room' | 'objects' | 'host'> & { readonly settings: WorkerSettings },
): Receive {
  const { room, objects, host, settings } = parts;
  const judge = createJudge({
    room,
    returnPaths: workerReturnPaths(settings),
    log: host.log,
    settings: {
      receivingDomains: settings.receivingDomains,
      returnPathDomain: settings.RETURN_PATH_DOMAIN ?? null,
    },
  });
  return createReceive({
    room,
    judge,
    objects,
    host,
    newId: workerId,
    // The mailroom object has set its own alarm in the commit that brought the work.
    wake: () => {},
    maxBytes: settings.INBOUND_MAX_BYTES,
  });
}

/** Null without RETURN_PATH_DOMAIN. */
export function workerReturnPaths({
  RETURN_PATH_DOMAIN: domain,
  SECRET_KEY: secret,
}: Pick<WorkerSettings, 'RETURN_PATH_DOMAIN' | 'SECRET_KEY'>): ReturnPaths | null {
  if (domain === undefined) return null;
  return createReturnPaths({ key: () => deriveKey({ secret, purpose: 'return paths' }), domain });
}

/** A fresh UUID of version 7. */
export function workerId(): string {
  return uuidV7({ now: Date.now(), random: crypto.getRandomValues(new Uint8Array(UUID_RANDOM_BYTES)) });
}
