import { accept } from './accept.ts';
import { claim } from './claim.ts';
import { passDoor } from './door.ts';
import { markDot } from './dot.ts';
import { depth, nextDue } from './due.ts';
import { email, emails } from './emails.ts';
import { emailEvents } from './events.ts';
import { releaseKey } from './idempotency.ts';
import { apiKeys, createApiKey, removeApiKey, renameApiKey } from './keys.ts';
import type { Mailroom, MailroomParts } from './mailroom.ts';
import { migrate } from './migrations.ts';
import { openRateWindow } from './rate.ts';
import { recover } from './recover.ts';
import type { Room } from './room.ts';
import { cancel, reschedule, retry } from './schedule.ts';
import { settle } from './settle.ts';
import { suppress, suppression, suppressions, unsuppress } from './suppressions.ts';
import { removeEmail, sweep } from './sweep.ts';

/**
 * Opens an account's room over its database, after bringing the database to the newest version.
 *
 * @throws NewerDatabase when a newer release wrote it.
 */
export function openMailroom(parts: MailroomParts): Mailroom {
  const { sql } = parts;
  migrate({ sql });
  const room: Room = { ...parts, rate: openRateWindow(parts.config.rateLimit) };
  return {
    admit: (call) => sql.transaction(() => passDoor(room, call)),
    release: ({ key, endpoint, reserved }) => releaseKey({ sql, key, endpoint, token: reserved }),
    accept: (call) => accept(room, call),
    email: (call) => email(room, call),
    emails: (call) => emails(room, call),
    emailEvents: (call) => emailEvents(room, call),
    reschedule: (call) => reschedule(room, call),
    cancel: (call) => cancel(room, call),
    retry: (call) => retry(room, call),
    removeEmail: (call) => removeEmail(room, call),
    createApiKey: (call) => createApiKey(room, call),
    apiKeys: (call) => apiKeys(room, call),
    renameApiKey: (call) => renameApiKey(room, call),
    removeApiKey: (call) => removeApiKey(room, call),
    suppress: (call) => suppress(room, call),
    suppressions: (call) => suppressions(room, call),
    suppression: (call) => suppression(room, call),
    unsuppress: (call) => unsuppress(room, call),
    claim: (call) => claim(room, call),
    markDot: (call) => markDot(room, call),
    settle: (call) => settle(room, call),
    recover: (call) => recover(room, call),
    nextDue: (call) => nextDue(room, call),
    sweep: (call) => sweep(room, call),
    depth: () => depth(room),
  };
}
