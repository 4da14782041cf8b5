import type { InboxVerbs } from './inbox-verbs.ts';
import type { Result } from './mailroom.ts';
import { matches, type Routing, routingOf } from './match-route.ts';
import { isBackward, pageOf, unknownCursor } from './pages.ts';
import type { PageOf } from './records.ts';
import { notFound, type Refused, refused } from './refusals.ts';
import type { Room } from './room.ts';
import type { RecipientRuling, RouteAction, RouteMatch, RouteRecord } from './route-records.ts';
import type { Sql } from './sql.ts';
import { findWebhook } from './webhook-row.ts';

/** Every recipient of every mail is held against all of them. */
const MAX_ROUTES = 200;

type RouteRow = {
  id: string;
  match: string;
  actions: string;
  position: number;
  enabled: number;
  created_at: number;
};

type Ref = { readonly id: string };

/** What the first enabled route that matches says, for each recipient. */
export function rule(
  { sql }: Room,
  { recipients }: Parameters<InboxVerbs['rule']>[0],
): readonly RecipientRuling[] {
  return actionsFor(sql, recipients).map((actions): RecipientRuling => {
    const [alone] = actions ?? [];
    switch (alone?.type) {
      case 'drop':
        return { kind: 'drop' };
      case 'reject':
        return { kind: 'reject', message: alone.message };
      default:
        return { kind: 'take' };
    }
  });
}

export function routeAll({ sql }: Room, recipients: readonly string[]): Routing {
  return routingOf(actionsFor(sql, recipients));
}

function actionsFor(sql: Sql, recipients: readonly string[]): readonly (readonly RouteAction[] | null)[] {
  const enabled = all(sql).filter((route) => route.enabled);
  return recipients.map(
    (recipient) => enabled.find(({ match }) => matches(match, recipient))?.actions ?? null,
  );
}

export function createRoute(
  { sql }: Room,
  { route, now }: Parameters<InboxVerbs['createRoute']>[0],
): Result<RouteRecord> {
  return sql.transaction((): Result<RouteRecord> => {
    const count = all(sql).length;
    if (count >= MAX_ROUTES) {
      const message = `An account has at most ${MAX_ROUTES} routes. Delete one first.`;
      return refused({ code: 'validation_error', message });
    }
    const refusal = unknownWebhook(sql, route.actions);
    if (refusal !== null) return refusal;
    const position = Math.min(route.position ?? count, count);
    sql.exec('UPDATE routes SET position = position + 1 WHERE position >= ?', position);
    sql.exec(
      'INSERT INTO routes (id, match, actions, position, enabled, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      route.id,
      JSON.stringify(route.match),
      JSON.stringify(route.actions),
      position,
      route.enabled ? 1 : 0,
      now,
    );
    return { ok: true, value: { ...route, position, createdAt: now } };
  });
}

/** In the order in which they are asked, which is what `after` walks along; an account has few enough to be cut here. */
export function routes(
  { sql }: Room,
  { page }: Parameters<InboxVerbs['routes']>[0],
): Result<PageOf<RouteRecord>> {
  const found = all(sql);
  const cursor = page.after ?? page.before;
  const place = found.findIndex(({ id }) => id === cursor);
  if (cursor !== null && place < 0) return unknownCursor(page);
  const rest = isBackward(page) ? found.slice(0, place).toReversed() : found.slice(place + 1);
  return { ok: true, value: pageOf({ rows: rest.slice(0, page.limit + 1), page }) };
}

export function route({ sql }: Room, { id }: Ref): RouteRecord | null {
  return all(sql).find((one) => one.id === id) ?? null;
}

export function updateRoute(
  room: Room,
  { id, match, actions, position, enabled }: Parameters<InboxVerbs['updateRoute']>[0],
): Result<Ref> {
  const { sql } = room;
  return sql.transaction((): Result<Ref> => {
    const before = route(room, { id });
    if (before === null) return notFound('Route');
    const refusal = unknownWebhook(sql, actions ?? []);
    if (refusal !== null) return refusal;
    sql.exec(
      'UPDATE routes SET match = ?, actions = ?, enabled = ? WHERE id = ?',
      JSON.stringify(match ?? before.match),
      JSON.stringify(actions ?? before.actions),
      (enabled ?? before.enabled) ? 1 : 0,
      id,
    );
    if (position !== undefined) move(sql, { id, from: before.position, to: position });
    return { ok: true, value: { id } };
  });
}

/** Places count from 0 without gaps, so taking one out and putting it in again are two shifts. */
function move(sql: Sql, { id, from, to }: Ref & { readonly from: number; readonly to: number }): void {
  sql.exec('UPDATE routes SET position = position - 1 WHERE position > ?', from);
  const place = Math.min(to, all(sql).length - 1);
  sql.exec('UPDATE routes SET position = position + 1 WHERE position >= ?', place);
  sql.exec('UPDATE routes SET position = ? WHERE id = ?', place, id);
}

export function removeRoute({ sql }: Room, { id }: Ref): Result<Ref> {
  return sql.transaction((): Result<Ref> => {
    const [gone] = sql.exec<{ position: number }>('DELETE FROM routes WHERE id = ? RETURNING position', id);
    if (gone === undefined) return notFound('Route');
    sql.exec('UPDATE routes SET position = position - 1 WHERE position > ?', gone.position);
    return { ok: true, value: { id } };
  });
}

/** A webhook that is removed later is told nothing; one that never was is a slip of the pen. */
function unknownWebhook(sql: Sql, actions: readonly RouteAction[]): Refused | null {
  for (const [index, action] of actions.entries()) {
    if (action.type !== 'webhook' || findWebhook(sql, action.webhookId) !== null) continue;
    const field = `actions[${index}].webhook_id`;
    const message = `Invalid \`${field}\` field. There is no webhook with this id.`;
    return refused({ code: 'validation_error', message, field });
  }
  return null;
}

function all(sql: Sql): readonly RouteRecord[] {
  return sql.exec<RouteRow>('SELECT * FROM routes ORDER BY position').map((row) => {
    const match: RouteMatch = JSON.parse(row.match);
    const actions: readonly RouteAction[] = JSON.parse(row.actions);
    const { id, position, created_at: createdAt } = row;
    return { id, match, actions, position, enabled: row.enabled === 1, createdAt };
  });
}
