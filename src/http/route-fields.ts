import type * as z from 'zod';
import type { Refusal } from '../../schemas/error.ts';
import type { CreateRoute } from '../../schemas/inbound-route.ts';
import { invalidField } from '../../schemas/refusal.ts';
import { matches } from '../mailroom/match-route.ts';
import type { RouteAction, RouteMatch } from '../mailroom/route-records.ts';
import { parseAddrSpec, suppressionKey } from '../mime/address.ts';
import { canonicalDomain } from '../mime/domain.ts';
import type { Settings } from './parts.ts';
import type { Reading } from './request.ts';

type GivenMatch = z.output<typeof CreateRoute>['match'];
type GivenAction = z.output<typeof CreateRoute>['actions'][number];
type Policy = Pick<Settings, 'forwardTo' | 'receivingDomains' | 'returnPathDomain'>;

const ADDRESS_RULE = 'An address without a name is expected.';
const PATTERN_RULE =
  'An address with `*` in it is expected: at least one, and otherwise what an address is made of.';

/** Envelope recipients are compared in their canonical spelling, so this is written in it too. */
export function readMatch({ recipient, domain, pattern }: GivenMatch): Reading<RouteMatch> {
  if (recipient !== undefined) {
    const reading = parseAddrSpec(recipient.trim());
    return reading.ok ? good({ recipient: reading.mailbox.address }) : bad('match.recipient', ADDRESS_RULE);
  }
  if (domain !== undefined) {
    const canonical = canonicalDomain(domain.trim());
    return canonical === null ? bad('match.domain', 'A domain is expected.') : good({ domain: canonical });
  }
  const canonical = canonicalPattern(pattern?.trim() ?? '');
  return canonical === null ? bad('match.pattern', PATTERN_RULE) : good({ pattern: canonical });
}

/** With a letter in the place of each star it must be an address; in the domain a star may stand for whole labels. */
function canonicalPattern(pattern: string): string | null {
  const at = pattern.lastIndexOf('@');
  const [local, domain] = [pattern.slice(0, at), pattern.slice(at + 1)];
  if (at < 0 || !pattern.includes('*')) return null;
  const reading = parseAddrSpec(`${local.replaceAll('*', 'x')}@${domain.replaceAll('*', 'x.x')}`);
  if (!reading.ok) return null;
  if (!domain.includes('*')) return `${local.normalize('NFC')}@${reading.mailbox.domain}`;
  // Half a label has no A-label.
  return /^[\x21-\x7e]+$/.test(domain) ? `${local.normalize('NFC')}@${domain.toLowerCase()}` : null;
}

export function readActions(given: readonly GivenAction[], policy: Policy): Reading<readonly RouteAction[]> {
  const actions: RouteAction[] = [];
  for (const [index, action] of given.entries()) {
    const read = readAction(action, `actions[${index}]`, policy);
    if (!read.ok) return read;
    actions.push(read.value);
  }
  return good(actions);
}

function readAction(action: GivenAction, field: string, policy: Policy): Reading<RouteAction> {
  switch (action.type) {
    case 'store':
    case 'drop':
    case 'reject':
      return good(action);
    case 'webhook':
      return good({ type: 'webhook', webhookId: action.webhook_id.toLowerCase() });
    case 'forward':
      return readForward(action.to, `${field}.to`, policy);
  }
}

/** Threats §10: to nobody but those whom the operator has named. §15: never back to ourselves, where it would begin again. */
function readForward(
  given: string,
  field: string,
  { forwardTo, receivingDomains, returnPathDomain }: Policy,
): Reading<RouteAction> {
  const reading = parseAddrSpec(given.trim());
  if (!reading.ok) return bad(field, ADDRESS_RULE);
  const { address, domain } = reading.mailbox;
  const to = forwardTo.find((allowed) => suppressionKey(allowed) === suppressionKey(address));
  if (to === undefined) return bad(field, 'Mail is forwarded only to addresses that FORWARD_TO names.');
  if (receivingDomains?.includes(domain) === true || returnPathDomain === domain)
    return bad(field, 'Mail for this domain is received here: it would come back.');
  return good({ type: 'forward', to });
}

/** Threats §15: where mail is received for any domain, what a route passes on to an address of its own comes by it again. */
export function circleRefusal({
  match,
  actions,
}: {
  readonly match: RouteMatch;
  readonly actions: readonly RouteAction[];
}): Refusal | null {
  const index = actions.findIndex((action) => action.type === 'forward' && matches(match, action.to));
  return index < 0 ? null : invalidField(`actions[${index}].to`, 'The route itself is about this address.');
}

function good<Value>(value: Value): Reading<Value> {
  return { ok: true, value };
}

function bad(field: string, rule: string): Reading<never> {
  return { ok: false, refusal: invalidField(field, rule) };
}
