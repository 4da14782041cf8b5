import { createReceive } from '../../inbound/funnel.ts';
import { createJudge, createJudgeRecipient } from '../../inbound/judge.ts';
import type { ReturnPaths } from '../../mime/return-path.ts';
import type { ObjectStore } from '../../objects/store.ts';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import type { Accounts } from './accounts.ts';
import type { Circle } from './catch-all.ts';
import { clock } from './host.ts';
import { newId } from './ids.ts';

/** What every mail that comes in comes through on this host. */
export function openFunnel(
  settings: Settings,
  parts: {
    readonly accounts: Accounts;
    readonly objects: ObjectStore;
    readonly returnPaths: Pick<ReturnPaths, 'read'> | null;
    readonly log: Log;
    /** Something of this account is to be read. */
    readonly wake: (account: string) => void;
  },
): Circle {
  const { accounts, objects, returnPaths, log, wake } = parts;
  const judge = createJudge({
    room: accounts.room,
    returnPaths,
    log,
    settings: {
      receivingDomains: settings.receivingDomains,
      returnPathDomain: settings.RETURN_PATH_DOMAIN ?? null,
    },
  });
  return {
    judge: createJudgeRecipient(judge),
    receive: createReceive({
      room: accounts.room,
      judge,
      objects,
      host: { now: clock.now, log },
      newId,
      wake,
      maxBytes: settings.INBOUND_MAX_BYTES,
    }),
  };
}
