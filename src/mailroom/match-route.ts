import type { RouteAction, RouteMatch } from './route-records.ts';
import { foldAddress } from './suppressions.ts';

/**
 * Whether a route is about this envelope recipient. Case never matters. A pattern is compared piece by piece, from left to right
 * and without trying again: no text of a user becomes a regular expression, and none can make this slow.
 */
export function matches(match: RouteMatch, recipient: string): boolean {
  const address = foldAddress(recipient);
  const at = address.lastIndexOf('@');
  if ('recipient' in match) return foldAddress(match.recipient) === address;
  if ('domain' in match) return foldAddress(match.domain) === address.slice(at + 1);
  const pattern = foldAddress(match.pattern);
  const between = pattern.lastIndexOf('@');
  if (between < 0 || at < 0) return false;
  // A star stands for no `@`, so each side is a comparison of its own; an `@` in quotes needs one in the pattern.
  return (
    fits(pattern.slice(between + 1), address.slice(at + 1)) &&
    fits(pattern.slice(0, between), address.slice(0, at))
  );
}

/** The leftmost place of each piece is as good as any other, since the pieces between stars have a fixed length. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return first === text;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  const end = text.length - last.length;
  let place = first.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, place);
    if (found < 0 || found + piece.length > end || isAcross(text, place, found)) return false;
    place = found + piece.length;
  }
  return !isAcross(text, place, end);
}

/** A star does not run over an `@`. */
function isAcross(text: string, from: number, to: number): boolean {
  const at = text.indexOf('@', from);
  return at >= 0 && at < to;
}

/** What a mail's recipients ask for together, decided when it comes in. */
export interface Routing {
  /** Ids of the webhooks that are told; null: all that subscribe. */
  readonly webhooks: readonly string[] | null;
  readonly forwardTo: readonly string[];
}

/** @param actionsOf for each recipient; null where no route matches */
export function routingOf(actionsOf: readonly (readonly RouteAction[] | null)[]): Routing {
  const webhooks = new Set<string>();
  const forwardTo = new Set<string>();
  for (const action of actionsOf.flatMap((actions) => actions ?? [])) {
    if (action.type === 'webhook') webhooks.add(action.webhookId);
    if (action.type === 'forward') forwardTo.add(action.to);
  }
  return { webhooks: actionsOf.includes(null) ? null : [...webhooks], forwardTo: [...forwardTo] };
}
