import type { Refusal } from '../../schemas/error.ts';
import { answerOf, type ItemResult, inBatch } from './answer.ts';
import { passDoor } from './door.ts';
import { checkKey, checkReservation, completeKey, releaseKey } from './idempotency.ts';
import { keepObjects } from './leaving-objects.ts';
import type { AcceptCall, Accepted, Admission, AdmittedKey, SendItem } from './mailroom.ts';
import { objectsOf, storeEmails } from './outbox.ts';
import type { Room } from './room.ts';
import { senderRefusal } from './sender.ts';
import { finishUpload } from './uploads.ts';

/**
 * Everything that is to be sent comes in here. Mails, recipients, events, the stored answer and the completed key are one
 * transaction: a 2xx is durable as a whole or was never given.
 */
export function accept(room: Room, call: AcceptCall): Accepted {
  return room.sql.transaction((): Accepted => {
    const admission = admissionOf(room, call);
    if (admission.kind !== 'admitted') return admission;
    const { rate, key } = admission;
    const results = call.items.map((item) => judge(room, { item, key }));
    const good = acceptedItems({ items: call.items, results });
    const refusal = wholeRefusal({ mode: call.mode, results }) ?? keepNamed(room, call, good);
    if (refusal !== null) {
      giveBack(room, call);
      return { kind: 'refused', rate, refusal };
    }
    for (const { id, content } of call.uploads ?? []) finishUpload(room, { id, content });
    storeEmails(room, { emails: good.map(({ email }) => email), now: call.now });
    const answer = answerOf({ mode: call.mode, results });
    const { idempotency: claim } = call.door;
    if (claim !== undefined) completeKey({ sql: room.sql, claim, answer, now: call.now });
    return { kind: 'accepted', rate, answer };
  });
}

/** A whole door is passed here and now; a caller that was admitted earlier must still hold what it was given. */
function admissionOf(room: Room, { door, now }: AcceptCall): Admission {
  if ('credential' in door) return passDoor(room, { door, now });
  const { sql } = room;
  const rate = room.rate.peek(now);
  const { key, idempotency: claim, reserved: token } = door;
  if (claim === undefined) return { kind: 'admitted', rate, key };
  if (token !== undefined) {
    const refusal = checkReservation({ sql, claim, token });
    return refusal === null ? { kind: 'admitted', rate, key } : { kind: 'refused', rate, refusal };
  }
  const check = checkKey({ sql, claim, now });
  switch (check.kind) {
    case 'free':
      return { kind: 'admitted', rate, key };
    case 'replay':
      return { kind: 'replayed', rate, answer: check.answer };
    case 'refused':
      return { kind: 'refused', rate, refusal: check.refusal };
  }
}

function judge(
  { config }: Room,
  { item, key }: { readonly item: SendItem; readonly key: AdmittedKey },
): ItemResult {
  switch (item.kind) {
    case 'refused':
      return { kind: 'refused', refusal: item.refusal };
    case 'email': {
      const { email } = item;
      const refusal = senderRefusal({ email, keyDomain: key.domain, domains: config.domains });
      return refusal === null ? { kind: 'accepted', id: email.id } : { kind: 'refused', refusal };
    }
  }
}

/** Single and strict are all or nothing: the first bad item, in the order of the array, is the answer. */
function wholeRefusal({
  mode,
  results,
}: {
  readonly mode: AcceptCall['mode'];
  readonly results: readonly ItemResult[];
}): Refusal | null {
  if (mode === 'permissive') return null;
  for (const [index, result] of results.entries()) {
    if (result.kind === 'refused') {
      return mode === 'strict' ? inBatch({ refusal: result.refusal, index }) : result.refusal;
    }
  }
  return null;
}

function acceptedItems({
  items,
  results,
}: {
  readonly items: readonly SendItem[];
  readonly results: readonly ItemResult[];
}): readonly Extract<SendItem, { kind: 'email' }>[] {
  return items.filter(
    (item, index): item is Extract<SendItem, { kind: 'email' }> =>
      item.kind === 'email' && results[index]?.kind === 'accepted',
  );
}

/** A permissive batch is refused as a whole, too: what is in the way is gone in a moment. */
function keepNamed(
  room: Room,
  { uploads = [], now }: AcceptCall,
  good: ReturnType<typeof acceptedItems>,
): Refusal | null {
  const keys = [
    ...good.flatMap(({ email }) => objectsOf(email)),
    ...uploads.map(({ content }) => content.key),
  ];
  return keepObjects(room, { keys, since: now });
}

/** Nothing was accepted, so the key is free for the corrected request. */
function giveBack({ sql }: Room, { door }: AcceptCall): void {
  const token = 'credential' in door ? door.reserve : door.reserved;
  const claim = door.idempotency;
  if (token !== undefined && claim !== undefined) releaseKey({ sql, ...claim, token });
}
