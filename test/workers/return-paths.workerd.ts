import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../src/mailroom/uuid.ts';
import { createReturnPaths } from '../../src/mime/return-path.ts';
import { Relay, relayObject } from '../../src/platform/workers/relay-object.ts';
import { mailroomConfig, settingsOf } from '../../src/platform/workers/settings.ts';
import { deriveKey } from '../../src/secrets/derive.ts';
import { accept, mail, newRoom } from './inside/rooms.ts';
import { seenBy } from './inside/servers.ts';

const HOUR_MS = 3_600_000;
const withDomain = () => ({ ...env, RETURN_PATH_DOMAIN: 'bounces.mine.example' });

test('with RETURN_PATH_DOMAIN a relay object sends from the address of the recipient, which the same secret reads', async () => {
  const settings = settingsOf(withDomain());
  expect(mailroomConfig(settings).returnPaths).toBe(true);
  expect(mailroomConfig(settingsOf(env)).returnPaths).toBe(false);

  const { room, account } = newRoom();
  // Far ahead, so that the room's own alarm leaves it to us.
  const due = Date.now() + HOUR_MS;
  const random = crypto.getRandomValues(new Uint8Array(UUID_RANDOM_BYTES));
  const email = mail('verp@there.example', { id: uuidV7({ now: due, random }), scheduledAt: due });
  await accept(room, email);
  const turn = { relay: 'second', unbound: true, insteadOf: [], limit: 1, leaseMs: HOUR_MS };
  const [claim] = await room.claim({ ...turn, now: due });
  if (claim === undefined) throw new Error('nothing was claimed');
  await runInDurableObject(relayObject(env.RELAY, { relay: 'second', shard: 7 }), async (_object, state) => {
    await new Relay(state, withDomain()).deliver({ account, claim });
  });

  const { messages } = await seenBy('implicit');
  const { sender = '' } = messages.find(({ recipients }) => recipients.includes('verp@there.example')) ?? {};
  const paths = createReturnPaths({
    key: await deriveKey({ secret: settings.SECRET_KEY, purpose: 'return paths' }),
    domain: 'bounces.mine.example',
  });
  const read = await paths.read(sender);
  expect(read).toMatchObject({ account, ordinal: 0 });
  expect(email.id >= (read?.firstId ?? '') && email.id <= (read?.lastId ?? '')).toBe(true);
});
