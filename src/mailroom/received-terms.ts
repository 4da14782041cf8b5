import type { ReceivedHead } from './received-records.ts';
import type { Sql } from './sql.ts';
import { foldAddress } from './suppressions.ts';

/** A stranger may name a thousand addresses, and each would be two rows in an index. */
const MAX_TERMS = 200;

type Place = { readonly seq: number; readonly createdAt: number };

/** The text under which mails of this address, or of `@domain`, are found. */
export function termOf(role: 'from' | 'to', address: string): string {
  return `${role}:${foldAddress(address)}`;
}

/** Everything that a mail is found by: its `From`; its envelope, `To` and `Cc`. Each whole and by its domain. */
export function termsOf({
  head,
  envelopeTo,
}: {
  readonly head: Pick<ReceivedHead, 'from' | 'to' | 'cc'>;
  readonly envelopeTo: readonly string[];
}): readonly string[] {
  const from = head.from.map(({ address }) => address);
  const shown = [...head.to, ...head.cc].map(({ address }) => address);
  // First what a stranger cannot crowd out by naming hundreds in his header.
  const terms = [
    ...termsFor('from', from.slice(0, 1)),
    ...termsFor('to', envelopeTo),
    ...termsFor('from', from.slice(1)),
    ...termsFor('to', shown),
  ];
  return [...new Set(terms)].slice(0, MAX_TERMS);
}

function termsFor(role: 'from' | 'to', addresses: readonly string[]): readonly string[] {
  return addresses
    .filter((address) => address.includes('@'))
    .flatMap((address) => [termOf(role, address), termOf(role, address.slice(address.lastIndexOf('@')))]);
}

/** Hardly ever is a header read otherwise than on the way in, and each term is a row in an index. */
export function replaceTerms(
  sql: Sql,
  {
    seq,
    createdAt,
    before,
    after,
  }: Place & { readonly before: readonly string[]; readonly after: readonly string[] },
): void {
  const gone = before.filter((term) => !after.includes(term));
  const added = after.filter((term) => !before.includes(term));
  if (gone.length > 0) removeTerms(sql, { seq, createdAt, terms: gone });
  if (added.length > 0) writeTerms(sql, { seq, createdAt, terms: added });
}

export function writeTerms(
  sql: Sql,
  { seq, createdAt, terms }: Place & { readonly terms: readonly string[] },
): void {
  sql.exec(
    'INSERT OR IGNORE INTO received_terms (term, created_at, received) SELECT value, ?, ? FROM json_each(?)',
    createdAt,
    seq,
    JSON.stringify(terms),
  );
}

/** They are known from the mail, so that no index by mail is needed. */
export function removeTerms(
  sql: Sql,
  { seq, createdAt, terms }: Place & { readonly terms: readonly string[] },
): void {
  sql.exec(
    `DELETE FROM received_terms WHERE (term, created_at, received) IN (SELECT value, ?, ? FROM json_each(?))`,
    createdAt,
    seq,
    JSON.stringify(terms),
  );
}
