/**
 * One Ctrl-C reaches us more than once: the terminal signals the whole group, and the package manager above passes its
 * own on. Only a signal that comes later than this means that somebody is losing patience.
 */
const SAME_PRESS_MS = 2_000;

/** Runs `stop` at the first SIGTERM or SIGINT, and `giveUp` at one that comes 2 s or more after it. */
export function onStopSignal(parts: {
  readonly monotonic: () => number;
  readonly stop: (signal: NodeJS.Signals) => void;
  readonly giveUp: () => void;
}): void {
  let first: number | null = null;
  const heard = (signal: NodeJS.Signals): void => {
    if (first === null) {
      first = parts.monotonic();
      parts.stop(signal);
    } else if (parts.monotonic() - first >= SAME_PRESS_MS) {
      parts.giveUp();
    }
  };
  process.on('SIGTERM', heard);
  process.on('SIGINT', heard);
  // npm passes SIGHUP on when its terminal goes away.
  process.on('SIGHUP', heard);
}
