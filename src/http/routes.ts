import type * as z from 'zod';
import type { RouteSummary } from '../../schemas/inbound-route.ts';
import { readPage } from '../../schemas/page.ts';
import { notFound } from '../../schemas/refusal.ts';
import type { RouteAction, RouteRecord } from '../mailroom/route-records.ts';
import type { KeyedHandlers } from './context.ts';
import { presentPage, time } from './present.ts';
import { circleRefusal, readActions, readMatch } from './route-fields.ts';

/** What becomes of mail that comes in. */
export const routes: Pick<
  KeyedHandlers,
  'createRoute' | 'listRoutes' | 'getRoute' | 'updateRoute' | 'deleteRoute'
> = {
  async createRoute({ body }, { room, parts, now }) {
    const match = readMatch(body.match);
    if (!match.ok) return match;
    const actions = readActions(body.actions, parts.settings);
    if (!actions.ok) return actions;
    const refusal = circleRefusal({ match: match.value, actions: actions.value });
    if (refusal !== null) return { refusal };
    const { position = null, enabled = true } = body;
    const route = { id: parts.newId(), match: match.value, actions: actions.value, position, enabled };
    const made = await room.createRoute({ route, now });
    return made.ok ? { status: 201, body: { object: 'route', id: made.value.id } } : made;
  },

  async listRoutes({ query }, { room }) {
    const found = await room.routes({ page: readPage(query) });
    return found.ok ? { status: 200, body: presentPage(found.value, presentRoute) } : found;
  },

  async getRoute({ params }, { room }) {
    const route = await room.route({ id: params.id.toLowerCase() });
    if (route === null) return { refusal: notFound('Route') };
    return { status: 200, body: { object: 'route', ...presentRoute(route) } };
  },

  async updateRoute({ params, body }, { room, parts }) {
    const match = body.match === undefined ? null : readMatch(body.match);
    if (match?.ok === false) return match;
    const actions = body.actions === undefined ? null : readActions(body.actions, parts.settings);
    if (actions?.ok === false) return actions;
    const id = params.id.toLowerCase();
    const before = match === null && actions === null ? null : await room.route({ id });
    const after = before && {
      match: match?.value ?? before.match,
      actions: actions?.value ?? before.actions,
    };
    const refusal = after && circleRefusal(after);
    if (refusal !== null) return { refusal };
    const { position, enabled } = body;
    const changed = await room.updateRoute({
      id,
      ...(match !== null && { match: match.value }),
      ...(actions !== null && { actions: actions.value }),
      ...(position !== undefined && { position }),
      ...(enabled !== undefined && { enabled }),
    });
    return changed.ok ? { status: 200, body: { object: 'route', id: changed.value.id } } : changed;
  },

  async deleteRoute({ params }, { room }) {
    const removed = await room.removeRoute({ id: params.id.toLowerCase() });
    if (!removed.ok) return removed;
    return { status: 200, body: { object: 'route', id: removed.value.id, deleted: true } };
  },
};

function presentRoute(route: RouteRecord): z.output<typeof RouteSummary> {
  const { id, match, actions, position, enabled, createdAt } = route;
  return { id, match, actions: actions.map(presentAction), position, enabled, created_at: time(createdAt) };
}

function presentAction(action: RouteAction): z.output<typeof RouteSummary>['actions'][number] {
  return action.type === 'webhook' ? { type: 'webhook', webhook_id: action.webhookId } : action;
}
