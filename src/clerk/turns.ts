/** One relay as the next round of claims sees it. */
export interface Standing {
  readonly name: string;
  /** Closed by its circuit, paused or held: nothing is claimed for it. */
  readonly isOpen: boolean;
}

/** What a relay that is open may claim. */
export interface Turn {
  readonly relay: string;
  readonly unbound: boolean;
  readonly insteadOf: readonly string[];
}

/**
 * Who claims what: each open relay its own mail; the first open one, in the order of RELAY_URL, also mail that is bound to
 * none yet; and every open relay may stand in for those that are not.
 */
export function turnsOf(relays: readonly Standing[]): readonly Turn[] {
  const closed = relays.filter(({ isOpen }) => !isOpen).map(({ name }) => name);
  return relays
    .filter(({ isOpen }) => isOpen)
    .map(({ name }, place) => ({ relay: name, unbound: place === 0, insteadOf: closed }));
}
