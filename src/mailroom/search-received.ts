import type { Result } from './mailroom.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import { foldSubject } from './received-contents.ts';
import type { ReceivedFilter } from './received-records.ts';
import { termOf } from './received-terms.ts';
import type { Page, PageOf } from './records.ts';
import { refused } from './refusals.ts';
import type { Sql, SqlValue } from './sql.ts';

/** Mails that one page looks at when no index answers it: some ten thousand rows are a few dozen milliseconds. */
const MAX_LOOKED_AT = 20_000;
/** Looked at together; more from step to step, because what is common is found at once. */
const LOOKED_AT_ONCE = 1_000;

interface Condition {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** Where the list is walked along, and what each mail on the way must have. */
interface Way {
  readonly table: 'received' | 'received_terms';
  readonly seq: 'seq' | 'received';
  readonly leading: readonly Condition[];
  readonly others: readonly Condition[];
}

type Step = { seq: number; created_at: number; fits: number };

/**
 * One page of places in the table, newest first. A sender or a recipient leads along its own index; what no index can answer is held
 * against a bounded number of mails, and when those are through and nothing was found, the caller is told to narrow it.
 */
export function searchReceived(
  sql: Sql,
  { filter, page }: { readonly filter: ReceivedFilter; readonly page: Page },
): Result<PageOf<number>> {
  const cursor = page.after ?? page.before;
  const [start] =
    cursor === null
      ? []
      : sql.exec<{ seq: number; created_at: number }>(
          'SELECT seq, created_at FROM received WHERE id = ?',
          cursor,
        );
  if (cursor !== null && start === undefined) return unknownCursor(page);
  const way = wayTo(filter);
  const found: number[] = [];
  const wanted = page.limit + 1;
  let place = start ?? null;
  let atOnce = wanted;
  for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT; lookedAt += atOnce) {
    if (lookedAt > 0) atOnce = Math.min(2 * atOnce, LOOKED_AT_ONCE, MAX_LOOKED_AT - lookedAt);
    const steps = walk(sql, { way, filter, place, limit: atOnce, isBackward: isBackward(page) });
    found.push(...steps.filter(({ fits }) => fits === 1).map(({ seq }) => seq));
    if (found.length >= wanted || steps.length < atOnce) {
      return { ok: true, value: pageOf({ rows: found.slice(0, wanted), page }) };
    }
    place = steps.at(-1) ?? null;
  }
  if (found.length === 0) return tooWide();
  const items = isBackward(page) ? found.toReversed() : found;
  return { ok: true, value: { items, hasMore: true } };
}

function tooWide(): ReturnType<typeof refused> {
  const message =
    `Nothing was found among ${MAX_LOOKED_AT} emails. Narrow the search with \`from\`, \`to\`, ` +
    '`since` or `until`.';
  return refused({ code: 'invalid_parameter', message });
}

function wayTo({ from, to, subject }: ReceivedFilter): Way {
  const terms = [
    ...(from === null ? [] : [termOf('from', from)]),
    ...(to === null ? [] : [termOf('to', to)]),
  ];
  const [leading, ...rest] = terms;
  const seq = leading === undefined ? 'seq' : 'received';
  const others: Condition[] = rest.map((term) => ({
    text: `EXISTS (SELECT 1 FROM received_terms AS other
      WHERE other.term = ? AND other.created_at = walked.created_at AND other.received = walked.${seq})`,
    values: [term],
  }));
  if (subject !== null) {
    others.push({
      text: `EXISTS (SELECT 1 FROM received AS mail WHERE mail.seq = walked.${seq} AND instr(mail.subject_folded, ?) > 0)`,
      values: [foldSubject(subject)],
    });
  }
  return leading === undefined
    ? { table: 'received', seq, leading: [], others }
    : { table: 'received_terms', seq, leading: [{ text: 'walked.term = ?', values: [leading] }], others };
}

function walk(
  sql: Sql,
  {
    way,
    filter,
    place,
    limit,
    isBackward: backward,
  }: {
    readonly way: Way;
    readonly filter: ReceivedFilter;
    readonly place: { readonly seq: number; readonly created_at: number } | null;
    readonly limit: number;
    readonly isBackward: boolean;
  },
): readonly Step[] {
  const held: Condition[] = [...way.leading];
  if (filter.since !== null) held.push({ text: 'walked.created_at >= ?', values: [filter.since] });
  if (filter.until !== null) held.push({ text: 'walked.created_at <= ?', values: [filter.until] });
  if (place !== null) {
    const text = `(walked.created_at, walked.${way.seq}) ${backward ? '>' : '<'} (?, ?)`;
    held.push({ text, values: [place.created_at, place.seq] });
  }
  const fits = way.others.length === 0 ? '1' : way.others.map(({ text }) => text).join(' AND ');
  const where = held.length === 0 ? '' : `WHERE ${held.map(({ text }) => text).join(' AND ')}`;
  const direction = backward ? 'ASC' : 'DESC';
  return sql.exec<Step>(
    `SELECT walked.${way.seq} AS seq, walked.created_at AS created_at, ${fits} AS fits
     FROM ${way.table} AS walked ${where}
     ORDER BY walked.created_at ${direction}, walked.${way.seq} ${direction} LIMIT ?`,
    ...[...way.others, ...held].flatMap(({ values }) => values),
    limit,
  );
}
