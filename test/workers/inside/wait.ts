import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { RecipientState } from '../../../src/mailroom/records.ts';
import { remoteRoom } from '../../../src/platform/workers/remote-room.ts';

/** Asks again whenever the object has done something, until the first recipient of a mail is in this state. */
export async function untilState(account: string, id: string, state: RecipientState): Promise<void> {
  const room = remoteRoom(env.MAILROOM, account);
  for (;;) {
    const email = await room.email({ id });
    if (email?.recipients[0]?.state === state) return;
    await runInDurableObject(env.MAILROOM.getByName(account), () => scheduler.wait(5));
  }
}
