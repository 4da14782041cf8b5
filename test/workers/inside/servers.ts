import { inject } from 'vitest';
import type { LogEntry, ReceivedMessage } from '../../support/smtp-script.ts';
import type {} from '../support/provided.ts';

export interface Seen {
  readonly log: readonly LogEntry[];
  readonly messages: readonly ReceivedMessage[];
  readonly clearBytes: string;
  readonly open: number;
  readonly commands: readonly string[];
}

export type ServerName =
  | 'plain'
  | 'starttls'
  | 'implicit'
  | 'starttlsWrongHost'
  | 'implicitWrongHost'
  | 'noStarttls';

export function portOf(name: ServerName): number {
  const port = inject('servers').ports[name];
  if (port === undefined) throw new Error(`no server ${name}`);
  return port;
}

/** What a server has seen so far; with `until`, as soon as it has seen that. */
export async function seenBy(
  name: string,
  until?: { readonly what: LogEntry['what']; readonly times: number },
): Promise<Seen> {
  const query = until === undefined ? '' : `?what=${until.what}&times=${until.times}`;
  const answer = await fetch(`${inject('servers').window}/${name}${query}`);
  return (await answer.json()) as Seen;
}
