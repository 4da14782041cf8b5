import type { Clock } from '../../src/relay/patience.ts';

/** A clock that is told the time. Appointments run, in order, when it is moved past them. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
  /** Appointments that are still open: a room that is done has left none. */
  readonly pending: number;
}

export function createManualClock(start = 1_700_000_000_000): ManualClock {
  let now = start;
  let serial = 0;
  const appointments = new Map<number, { readonly at: number; readonly run: () => void }>();

  function earliest(until: number): number | null {
    let found: number | null = null;
    for (const [id, { at }] of appointments) {
      const before = found === null ? Number.POSITIVE_INFINITY : (appointments.get(found)?.at ?? 0);
      if (at <= until && at < before) found = id;
    }
    return found;
  }

  return {
    now: () => now,
    after(ms, run) {
      const id = serial;
      serial += 1;
      appointments.set(id, { at: now + ms, run });
      return () => appointments.delete(id);
    },
    advance(ms) {
      const end = now + ms;
      for (let id = earliest(end); id !== null; id = earliest(end)) {
        const appointment = appointments.get(id);
        appointments.delete(id);
        now = Math.max(now, appointment?.at ?? now);
        appointment?.run();
      }
      now = end;
    },
    get pending() {
      return appointments.size;
    },
  };
}
