import {
  CreateRoute,
  Route,
  RouteGone,
  RouteList,
  RouteParams,
  RouteRef,
  UpdateRoute,
} from './inbound-route.ts';
import type { Operation } from './operation.ts';
import { PageQuery } from './page.ts';

const ID = '6f1b0a52-8d0e-4a63-9c1f-7a5b6c8d9e02';
const REF = { object: 'route', id: ID };
const SUMMARY = {
  id: ID,
  match: { pattern: 'support+*@example.com' },
  actions: [{ type: 'webhook', webhook_id: '4dd369bc-aa82-4ff3-97de-514ae3000ee0' }],
  position: 0,
  enabled: true,
  created_at: '2026-02-22T23:41:12.126Z',
};

/** What becomes of mail that comes in, by its envelope recipient. */
export const ROUTE_OPERATIONS = {
  createRoute: {
    method: 'post',
    path: '/routes',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Create a route',
    description:
      'Extension. The first enabled route that matches an envelope recipient says what becomes of the mail. Without one it is kept ' +
      'and told to every webhook that subscribes to `email.received`.',
    body: CreateRoute,
    answers: { 201: RouteRef },
    errors: [],
    examples: {
      keep: { match: { pattern: 'support+*@example.com' }, actions: [{ type: 'store' }] },
      reject: {
        match: { recipient: 'old@example.com' },
        actions: [{ type: 'reject', message: 'This address takes no mail any more.' }],
        position: 0,
      },
    },
    answerExamples: { created: REF },
  },
  listRoutes: {
    method: 'get',
    path: '/routes',
    scope: 'full',
    tag: 'Receiving',
    summary: 'List routes',
    description: 'Extension. In the order in which they are asked.',
    query: PageQuery,
    answers: { 200: RouteList },
    errors: ['validation_error'],
    answerExamples: { page: { object: 'list', has_more: false, data: [SUMMARY] } },
  },
  getRoute: {
    method: 'get',
    path: '/routes/{id}',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Read a route',
    description: 'Extension.',
    params: RouteParams,
    answers: { 200: Route },
    errors: ['not_found'],
    answerExamples: { route: { object: 'route', ...SUMMARY } },
  },
  updateRoute: {
    method: 'patch',
    path: '/routes/{id}',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Change a route',
    description: 'Extension. For mail from now on.',
    params: RouteParams,
    body: UpdateRoute,
    bodyRequired: false,
    answers: { 200: RouteRef },
    errors: ['not_found'],
    examples: { pause: { enabled: false }, drop: { actions: [{ type: 'drop' }] } },
    answerExamples: { changed: REF },
  },
  deleteRoute: {
    method: 'delete',
    path: '/routes/{id}',
    scope: 'full',
    tag: 'Receiving',
    summary: 'Delete a route',
    description: 'Extension.',
    params: RouteParams,
    answers: { 200: RouteGone },
    errors: ['not_found'],
    answerExamples: { gone: { ...REF, deleted: true } },
  },
} as const satisfies Record<string, Operation>;
