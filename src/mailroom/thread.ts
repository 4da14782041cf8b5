import type { Head } from './outbox.ts';
import type { ReceivedDetail, ReceivedHead } from './received-records.ts';
import type { Sql } from './sql.ts';

/** Of each kind. */
const MAX_SHOWN = 100;

/** A mail may name 200 others, each of them 200 more: this many are looked for, the nearest first. */
const MAX_LOOKUPS = 500;

/** Several copies may have come in, for one envelope each. */
const COPIES = 10;

/** RFC 5322 §2.1.1: no line has more. */
const MAX_ID_CHARACTERS = 998;

/** `<uuid@domain>`: what we make ourselves has the mail's own id in it. */
const OURS = /^<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@/;

interface Found {
  readonly id: string;
  readonly createdAt: number;
  readonly answers: readonly string[];
}

/** A Message-ID as it is stored and looked for. */
export function lookedUpAs(messageId: string): string {
  return messageId.slice(0, MAX_ID_CHARACTERS);
}

/**
 * What a mail answers, and what those answered: along `In-Reply-To` and `References`, through what we sent and what came in.
 * Worked out when it is asked for, so that mails which come in the wrong order are tied all the same, and none that is gone is named.
 */
export function threadOf(
  sql: Sql,
  {
    id,
    head,
    about,
  }: {
    readonly id: string;
    readonly head: Pick<ReceivedHead, 'inReplyTo' | 'references'>;
    /** What it reports about: few reports name that in their own header. */
    readonly about: string | null;
  },
): ReceivedDetail['thread'] {
  const sent = new Map<string, Found>();
  const received = new Map<string, Found>();
  const seen = new Set<string>();
  const queue = [...(about === null ? [] : [about]), ...parentsOf(head)];
  for (let at = 0; at < queue.length && seen.size < MAX_LOOKUPS; at += 1) {
    const messageId = queue[at] ?? '';
    if (seen.has(messageId)) continue;
    seen.add(messageId);
    for (const mail of sentAs(sql, messageId)) add(sent, mail);
    for (const mail of receivedAs(sql, messageId)) if (mail.id !== id) add(received, mail);
  }
  return { emailIds: oldestFirst(sent), receivedIds: oldestFirst(received) };

  function add(list: Map<string, Found>, mail: Found): void {
    if (list.has(mail.id) || list.size === MAX_SHOWN) return;
    list.set(mail.id, mail);
    queue.push(...mail.answers);
  }
}

/** The nearest first: the last of `References` is the parent (RFC 5322 §3.6.4). */
function parentsOf({
  inReplyTo,
  references,
}: Pick<ReceivedHead, 'inReplyTo' | 'references'>): readonly string[] {
  const parents = references.toReversed();
  return inReplyTo === null ? parents : [inReplyTo, ...parents];
}

type SentRow = { id: string; created_at: number; head: string };

function sentAs(sql: Sql, messageId: string): readonly Found[] {
  const ours = OURS.exec(messageId)?.[1];
  const rows =
    ours === undefined
      ? []
      : sql.exec<SentRow>(
          'SELECT id, created_at, head FROM emails WHERE id = ? AND message_id = ?',
          ours,
          messageId,
        );
  const chosen = sql.exec<SentRow>(
    `SELECT id, created_at, head FROM emails WHERE message_id = ? AND substr(message_id, 2, 36) <> id LIMIT ?`,
    messageId,
    COPIES,
  );
  return [...rows, ...chosen].map(({ id, created_at: createdAt, head }) => {
    const { headers }: Head = JSON.parse(head);
    return { id, createdAt, answers: headers.flatMap(idsIn) };
  });
}

/** What a mail of ours answers is what its author wrote into it. */
function idsIn([name, value]: readonly [string, string]): readonly string[] {
  if (!/^(?:in-reply-to|references)$/i.test(name)) return [];
  return (value.match(/<[^<>\s]{1,996}>/g) ?? []).toReversed();
}

function receivedAs(sql: Sql, messageId: string): readonly Found[] {
  return sql
    .exec<SentRow>(
      `SELECT id, created_at, head FROM received JOIN received_contents ON received = seq WHERE message_id = ? LIMIT ?`,
      messageId,
      COPIES,
    )
    .map(({ id, created_at: createdAt, head }) => {
      const shown: Pick<ReceivedHead, 'inReplyTo' | 'references'> = JSON.parse(head);
      return { id, createdAt, answers: parentsOf(shown) };
    });
}

function oldestFirst(found: ReadonlyMap<string, Found>): readonly string[] {
  // Of one moment the nearer is the later.
  const nearestLast = [...found.values()].toReversed();
  return nearestLast.toSorted((one, other) => one.createdAt - other.createdAt).map(({ id }) => id);
}
