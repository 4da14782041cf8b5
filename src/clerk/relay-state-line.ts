import type { HostLine } from '../due/host.ts';

/** What the log says when a relay opens, is held or breaks: a reply's code, and none of its words (`/health` shows them). */
export function relayStateLine(relay: string, now: { state: string; cause: string | null }): HostLine {
  const cause = /^\d{3}(?!\d)|^[^:]*(?:: \d{3})?/.exec(now.cause ?? '')?.[0] ?? '';
  return { level: 'warn', event: 'relay_state', relay, state: now.state, cause: cause === '' ? null : cause };
}
