import { OPERATIONS, type OperationId } from './operations.ts';

/** One row of the route table. */
export interface Route {
  readonly id: OperationId;
  /** Upper case, as it comes in a request. */
  readonly method: string;
  readonly segments: readonly string[];
}

export type RouteMatch =
  | {
      readonly kind: 'operation';
      readonly id: OperationId;
      /** Percent-decoded once; a segment that does not decode stays as it came. */
      readonly params: Readonly<Record<string, string>>;
    }
  /** The path is known, the verb is not: 405 with `Allow`. */
  | { readonly kind: 'method'; readonly allow: readonly string[] }
  | { readonly kind: 'unknown' };

/** Words of the contract whose endpoints do not exist here: 404, not an e-mail with an odd id. */
const RESERVED = new Set(['metrics']);

const PARAMETER = /^\{(.+)\}$/;

export const ROUTES: readonly Route[] = Object.entries(OPERATIONS).map(([id, operation]) => ({
  id: id as OperationId,
  method: operation.method.toUpperCase(),
  segments: operation.path.split('/').slice(1),
}));

/** `/emails//x/` is `emails`, `x`: base URLs that end in a slash double it. Decoded after the split, so `%2F` is no slash. */
function segmentsOf(path: string): readonly string[] {
  return path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decode);
}

/** `+` stays a plus: that is a matter of query strings. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * The parameters when the segments fit, and which of them are fixed words. A word wins over a parameter in the same place, and the
 * first such place decides: `/emails/receiving/{id}` is asked before `/emails/{id}/events`.
 */
function matching(route: Route, segments: readonly string[]) {
  if (route.segments.length !== segments.length) return null;
  const params: Record<string, string> = {};
  let words = '';
  for (const [index, expected] of route.segments.entries()) {
    const segment = segments[index] ?? '';
    const name = PARAMETER.exec(expected)?.[1];
    if (name === undefined && expected !== segment) return null;
    if (name !== undefined) params[name] = segment;
    words += name === undefined ? '1' : '0';
  }
  return { route, params, words };
}

/** What paths without a parameter lead to: nothing can win over a path of words alone, so one look is enough. */
const BY_WORDS: ReadonlyMap<string, RouteMatch> = new Map(
  ROUTES.filter(({ segments }) => !segments.some((segment) => PARAMETER.test(segment))).map(
    ({ id, method, segments }) => [`${method} /${segments.join('/')}`, { kind: 'operation', id, params: {} }],
  ),
);

/** Which operation a request asks for. `path` is the path of the URL, still encoded. */
export function matchRoute(method: string, path: string): RouteMatch {
  return BY_WORDS.get(`${method} ${path}`) ?? matchSegments(method, path);
}

function matchSegments(method: string, path: string): RouteMatch {
  const segments = segmentsOf(path);
  if (segments[0] === 'emails' && RESERVED.has(segments[1] ?? '')) return { kind: 'unknown' };
  const fits = ROUTES.flatMap((route) => matching(route, segments) ?? []);
  // All of one length, so that text compares as the numbers would.
  const words = fits
    .map((candidate) => candidate.words)
    .toSorted()
    .at(-1);
  const best = fits.filter((candidate) => candidate.words === words);
  if (best.length === 0) return { kind: 'unknown' };
  const found = best.find(({ route }) => route.method === method.toUpperCase());
  if (found === undefined) return { kind: 'method', allow: best.map(({ route }) => route.method) };
  return { kind: 'operation', id: found.route.id, params: found.params };
}
