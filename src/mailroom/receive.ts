import type { NewArrival } from './arrival-records.ts';
import type { InboxVerbs } from './inbox-verbs.ts';
import { giveUpObjects, keepObjects } from './leaving-objects.ts';
import { boundedHead, foldSubject, writeContents } from './received-contents.ts';
import { NOTHING_READ } from './received-row.ts';
import { termsOf, writeTerms } from './received-terms.ts';
import { refused } from './refusals.ts';
import type { Room } from './room.ts';
import { routeAll } from './routes.ts';
import { lookedUpAs } from './thread.ts';

/** settled.md: a repetition is recognised for this long. */
const REMEMBERED_MS = 48 * 60 * 60 * 1000;

type Call = Parameters<InboxVerbs['receive']>[0];

/** Once this is committed the mail may be acknowledged: it is listed, and it will be read and told. */
export function receive(room: Room, { arrival, since, now }: Call): ReturnType<InboxVerbs['receive']> {
  return room.sql.transaction((): ReturnType<InboxVerbs['receive']> => {
    const keys = [arrival.rawKey];
    const first = firstOf(room, { arrival, now });
    // Asked again about the same arrival, its object is named, and not given up.
    if (first !== null) {
      return { ok: true, value: { id: first, duplicate: true, objects: giveUpObjects(room, { keys, now }) } };
    }
    const refusal = keepObjects(room, { keys, since: since ?? now });
    if (refusal !== null) return refused(refusal);
    store(room, { arrival, now });
    remember(room, { arrival, now });
    return { ok: true, value: { id: arrival.id, duplicate: false, objects: [] } };
  });
}

function store(room: Room, { arrival, now }: Call): void {
  const { sql } = room;
  const head = boundedHead(arrival.head);
  const [row] = sql.exec<{ seq: number }>(
    `INSERT INTO received (id, created_at, source, envelope_from, envelope_to, peer, raw_key, raw_size, raw_sha256,
       message_id, subject_folded, routing, parse, due_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'limited', ?) RETURNING seq`,
    arrival.id,
    now,
    arrival.source,
    arrival.envelopeFrom,
    JSON.stringify(arrival.envelopeTo),
    arrival.peer === null ? null : JSON.stringify(arrival.peer),
    arrival.rawKey,
    arrival.rawSize,
    arrival.rawSha256,
    lookedUpAs(head.messageId),
    foldSubject(head.subject),
    JSON.stringify(routeAll(room, arrival.envelopeTo)),
    now,
  );
  if (row === undefined) throw new Error('INSERT … RETURNING gave no row');
  const { seq } = row;
  const content = { kind: 'inline', html: null, text: null } as const;
  const facts = arrival.isHeadCut === true ? { ...NOTHING_READ, isHeadCut: true } : NOTHING_READ;
  writeContents(sql, { seq, head, facts, content, strippedText: null });
  writeTerms(sql, { seq, createdAt: now, terms: termsOf({ head, envelopeTo: arrival.envelopeTo }) });
  sql.exec('INSERT INTO received_objects (key, received) VALUES (?, ?)', arrival.rawKey, seq);
}

interface Mark {
  readonly mark: string;
  readonly envelope: string;
}

/** The same bytes for the same envelope, or the same delivery in the words of the provider. */
function marksOf({ source, deliveryId, rawSha256, envelopeFrom, envelopeTo }: NewArrival): readonly Mark[] {
  const bytes = { mark: rawSha256, envelope: JSON.stringify([envelopeFrom, ...envelopeTo.toSorted()]) };
  return deliveryId === null ? [bytes] : [{ mark: `${source} ${deliveryId}`, envelope: '' }, bytes];
}

function firstOf({ sql }: Room, { arrival, now }: Call): string | null {
  for (const { mark, envelope } of marksOf(arrival)) {
    const [row] = sql.exec<{ received: string }>(
      'SELECT received FROM received_marks WHERE mark = ? AND envelope = ? AND ends_at > ?',
      mark,
      envelope,
      now,
    );
    if (row !== undefined) return row.received;
  }
  return null;
}

function remember({ sql }: Room, { arrival, now }: Call): void {
  for (const { mark, envelope } of marksOf(arrival)) {
    sql.exec(
      'INSERT OR REPLACE INTO received_marks (mark, envelope, received, ends_at) VALUES (?, ?, ?, ?)',
      mark,
      envelope,
      arrival.id,
      now + REMEMBERED_MS,
    );
  }
}

/** Forgets what is no longer known as a repetition, `limit` at most. Answers how many. */
export function sweepMarks(
  { sql }: Room,
  { now, limit }: { readonly now: number; readonly limit: number },
): number {
  return sql.exec(
    `DELETE FROM received_marks WHERE (mark, envelope) IN (
       SELECT mark, envelope FROM received_marks WHERE ends_at <= ? ORDER BY ends_at LIMIT ?) RETURNING mark`,
    now,
    limit,
  ).length;
}
