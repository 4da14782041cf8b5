import type { MailroomConfig } from './mailroom.ts';

/** Which relay may carry a recipient. */
export interface Binding {
  /** A name, or '' for whichever open relay comes first. */
  readonly relay: string;
  /** The final dot may have left there: no other relay may have it, or the recipient could get the mail twice. */
  readonly pinned: boolean;
  /** `tls: enforced`: relays in the clear may not have it. */
  readonly secure: boolean;
}

type Relays = Pick<MailroomConfig, 'relays' | 'clearRelays'>;

/** The pseudo relay of simulated addresses; the clerk settles its work without any network. */
export const SIMULATED = 'simulated';

/**
 * A binding as one indexed text. A claim asks for a handful of lanes by name, so it never reads through the backlog of a
 * relay that is held, nor through mail that its relay may not carry.
 */
export function laneOf({ relay, pinned, secure }: Binding): string {
  return `${pinned ? 'pin' : 'any'}${secure ? '+tls' : ''}:${relay}`;
}

export function bindingOf(lane: string): Binding {
  const colon = lane.indexOf(':');
  const kind = lane.slice(0, colon);
  return { relay: lane.slice(colon + 1), pinned: kind.startsWith('pin'), secure: kind.endsWith('+tls') };
}

/** The lanes that one claim may take from. */
export function lanesFor({
  relay,
  unbound,
  insteadOf,
  relays,
}: {
  readonly relay: string;
  readonly unbound: boolean;
  readonly insteadOf: readonly string[];
  readonly relays: Relays;
}): readonly string[] {
  if (relay === SIMULATED) return [laneOf({ relay, pinned: false, secure: false })];
  const lanes: string[] = [];
  const add = (binding: Binding): void => {
    lanes.push(laneOf(binding));
  };
  const names = [relay, ...insteadOf.filter((name) => name !== relay)];
  if (unbound) add({ relay: '', pinned: false, secure: false });
  for (const name of names) add({ relay: name, pinned: false, secure: false });
  add({ relay, pinned: true, secure: false });
  if (!mayCarrySecure({ relay, relays })) return lanes;
  if (unbound || isFirstSecure({ relay, insteadOf, relays })) add({ relay: '', pinned: false, secure: true });
  for (const name of names) add({ relay: name, pinned: false, secure: true });
  add({ relay, pinned: true, secure: true });
  return lanes;
}

/** The relay to try after this one, in order and then from the start; null when there is no other. */
export function nextRelay({
  after,
  secure,
  relays,
}: {
  readonly after: string;
  readonly secure: boolean;
  readonly relays: Relays;
}): { readonly relay: string; readonly newRound: boolean } | null {
  const able = relays.relays.filter(
    (name) => name === after || !secure || !relays.clearRelays.includes(name),
  );
  const place = able.indexOf(after);
  const following = able[(place + 1) % able.length];
  if (place === -1 || following === undefined || following === after) return null;
  return { relay: following, newRound: place + 1 === able.length };
}

/** True when no configured relay speaks TLS: then mail that insists on it can go nowhere. */
export function allClear(relays: Relays): boolean {
  return relays.relays.every((name) => relays.clearRelays.includes(name));
}

// With no relay that speaks TLS a clear one takes the mail too, and the dispatch checks end it as `tls_required`.
function mayCarrySecure({ relay, relays }: { readonly relay: string; readonly relays: Relays }): boolean {
  return !relays.clearRelays.includes(relay) || allClear(relays);
}

// The first open relay may be a clear one; unbound mail that insists on TLS then goes to the first that is able.
function isFirstSecure({
  relay,
  insteadOf,
  relays,
}: {
  readonly relay: string;
  readonly insteadOf: readonly string[];
  readonly relays: Relays;
}): boolean {
  const before = relays.relays.slice(0, Math.max(0, relays.relays.indexOf(relay)));
  return before.every((name) => relays.clearRelays.includes(name) || insteadOf.includes(name));
}
