import type { InboundHost } from './host.ts';

/** Waits; a wait that is cut short by `signal` just ends. */
export function pause(host: Pick<InboundHost, 'after'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = host.after(ms, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
