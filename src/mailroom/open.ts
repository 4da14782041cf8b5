import { accept } from './accept.ts';
import { events } from './account-events.ts';
import { admit } from './admit.ts';
import { claimArrivals, nextArrivalDue } from './arrivals.ts';
import { attachment, attachments } from './attachments.ts';
import { claim } from './claim.ts';
import { claimDeliveries, nextDeliveryDue } from './deliveries.ts';
import { markDot } from './dot.ts';
import { depth, nextDue } from './due.ts';
import { email, emails } from './emails.ts';
import { emailEvents } from './events.ts';
import { releaseKey } from './idempotency.ts';
import { apiKeys, createApiKey, removeApiKey, renameApiKey } from './keys.ts';
import { giveUpObjects, objectsDeleted } from './leaving-objects.ts';
import type { Mailroom, MailroomParts } from './mailroom.ts';
import { migrate } from './migrations.ts';
import { openRateWindow } from './rate.ts';
import { receive } from './receive.ts';
import { receivedEmail, receivedEmails } from './received.ts';
import { receivedAttachment, receivedAttachments } from './received-attachments.ts';
import { recover } from './recover.ts';
import { removeReceived } from './remove-received.ts';
import type { Room } from './room.ts';
import { createRoute, removeRoute, route, routes, rule, updateRoute } from './routes.ts';
import { cancel, reschedule, retry } from './schedule.ts';
import { settle } from './settle.ts';
import { settleArrival } from './settle-arrival.ts';
import { settleDelivery } from './settle-delivery.ts';
import { suppress, suppression, suppressions, unsuppress } from './suppressions.ts';
import { removeEmail, sweep } from './sweep.ts';
import { unsubscribe } from './unsubscribe.ts';
import { createUpload, uploads } from './uploads.ts';
import {
  replayWebhookEvent,
  testWebhook,
  webhookAttempts,
  webhookEvent,
  webhookEvents,
} from './webhook-events.ts';
import {
  createWebhook,
  removeWebhook,
  rotateWebhookSecret,
  updateWebhook,
  webhook,
  webhooks,
} from './webhooks.ts';

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
    admit: (call) => admit(room, call),
    release: ({ key, endpoint, reserved }) => releaseKey({ sql, key, endpoint, token: reserved }),
    accept: (call) => accept(room, call),
    email: (call) => email(room, call),
    emails: (call) => emails(room, call),
    emailEvents: (call) => emailEvents(room, call),
    reschedule: (call) => reschedule(room, call),
    cancel: (call) => cancel(room, call),
    retry: (call) => retry(room, call),
    removeEmail: (call) => removeEmail(room, call),
    attachments: (call) => attachments(room, call),
    attachment: (call) => attachment(room, call),
    createUpload: (call) => createUpload(room, call),
    upload: ({ id }) => uploads(room, [id])[0] ?? null,
    strayObjects: (call) => sql.transaction(() => giveUpObjects(room, call)),
    objectsDeleted: (call) => objectsDeleted(room, call),
    createApiKey: (call) => createApiKey(room, call),
    apiKeys: (call) => apiKeys(room, call),
    renameApiKey: (call) => renameApiKey(room, call),
    removeApiKey: (call) => removeApiKey(room, call),
    suppress: (call) => suppress(room, call),
    suppressions: (call) => suppressions(room, call),
    suppression: (call) => suppression(room, call),
    unsuppress: (call) => unsuppress(room, call),
    createWebhook: (call) => createWebhook(room, call),
    webhooks: (call) => webhooks(room, call),
    webhook: (call) => webhook(room, call),
    updateWebhook: (call) => updateWebhook(room, call),
    removeWebhook: (call) => removeWebhook(room, call),
    rotateWebhookSecret: (call) => rotateWebhookSecret(room, call),
    webhookEvents: (call) => webhookEvents(room, call),
    webhookEvent: (call) => webhookEvent(room, call),
    replayWebhookEvent: (call) => replayWebhookEvent(room, call),
    webhookAttempts: (call) => webhookAttempts(room, call),
    testWebhook: (call) => testWebhook(room, call),
    events: (call) => events(room, call),
    claimDeliveries: (call) => claimDeliveries(room, call),
    settleDelivery: (call) => settleDelivery(room, call),
    nextDeliveryDue: () => nextDeliveryDue(room),
    rule: (call) => rule(room, call),
    receive: (call) => receive(room, call),
    claimArrivals: (call) => claimArrivals(room, call),
    settleArrival: (call) => settleArrival(room, call),
    nextArrivalDue: () => nextArrivalDue(room),
    receivedEmails: (call) => receivedEmails(room, call),
    receivedEmail: (call) => receivedEmail(room, call),
    receivedAttachments: (call) => receivedAttachments(room, call),
    receivedAttachment: (call) => receivedAttachment(room, call),
    removeReceived: (call) => removeReceived(room, call),
    createRoute: (call) => createRoute(room, call),
    routes: (call) => routes(room, call),
    route: (call) => route(room, call),
    updateRoute: (call) => updateRoute(room, call),
    removeRoute: (call) => removeRoute(room, call),
    unsubscribe: (call) => unsubscribe(room, call),
    claim: (call) => claim(room, call),
    markDot: (call) => markDot(room, call),
    settle: (call) => settle(room, call),
    recover: (call) => recover(room, call),
    nextDue: (call) => nextDue(room, call),
    sweep: (call) => sweep(room, call),
    depth: () => depth(room),
  };
}
