import type { Async, Mailroom as Room } from '../../mailroom/mailroom.ts';
import type { Mailroom } from './mailroom-object.ts';

export type Verb = keyof Room;
export type CallOf<V extends Verb> = Parameters<Room[V]>[0];
export type AnswerOf<V extends Verb> = ReturnType<Room[V]>;

/** Every verb of the room. A verb that is added to the room and not here does not compile. */
const VERBS = {
  admit: true,
  release: true,
  accept: true,
  email: true,
  emails: true,
  emailEvents: true,
  reschedule: true,
  cancel: true,
  retry: true,
  removeEmail: true,
  attachments: true,
  attachment: true,
  createUpload: true,
  upload: true,
  strayObjects: true,
  objectsDeleted: true,
  createApiKey: true,
  apiKeys: true,
  renameApiKey: true,
  removeApiKey: true,
  suppress: true,
  suppressions: true,
  suppression: true,
  unsuppress: true,
  createWebhook: true,
  webhooks: true,
  webhook: true,
  updateWebhook: true,
  removeWebhook: true,
  rotateWebhookSecret: true,
  webhookEvents: true,
  webhookEvent: true,
  replayWebhookEvent: true,
  webhookAttempts: true,
  testWebhook: true,
  events: true,
  claimDeliveries: true,
  settleDelivery: true,
  nextDeliveryDue: true,
  rule: true,
  receive: true,
  claimArrivals: true,
  settleArrival: true,
  nextArrivalDue: true,
  receivedEmails: true,
  receivedEmail: true,
  receivedAttachments: true,
  receivedAttachment: true,
  removeReceived: true,
  createRoute: true,
  routes: true,
  route: true,
  updateRoute: true,
  removeRoute: true,
  unsubscribe: true,
  claim: true,
  markDot: true,
  settle: true,
  recover: true,
  nextDue: true,
  sweep: true,
  depth: true,
} as const satisfies Record<Verb, true>;

/** The room of an account as the rest of the house sees it: each verb is one remote call. */
export function remoteRoom(rooms: DurableObjectNamespace<Mailroom>, account: string): Async<Room> {
  const stub = rooms.getByName(account);
  const verbs = Object.keys(VERBS).map((verb) => [verb, (call: never) => stub.ask(verb as Verb, call)]);
  // The loop is over the very keys of the type; what each of them takes and answers is held on the other side.
  return Object.fromEntries(verbs) as unknown as Async<Room>;
}

/** A room on the spot as those see it who must wait for an answer. */
export function asyncRoom(room: Room): Async<Room> {
  const verbs = Object.keys(VERBS).map((verb) => [verb, async (call: never) => room[verb as Verb](call)]);
  return Object.fromEntries(verbs) as unknown as Async<Room>;
}
