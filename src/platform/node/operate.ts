import type { Clerk } from '../../clerk/clerk.ts';
import type { Standing } from '../../clerk/desk.ts';
import { isAccountName } from '../../mailroom/key-format.ts';
import type { Accounts } from './accounts.ts';
import type { ControlAnswer, ControlRequest } from './control.ts';
import { makeFirstKey } from './keys.ts';

/** Does what the operator's tools ask of the running process. */
export async function operate(
  request: ControlRequest,
  parts: {
    readonly clerk: Pick<Clerk, 'standings' | 'resume'>;
    readonly accounts: Accounts;
    readonly prefix: string;
    readonly now: () => number;
  },
): Promise<ControlAnswer> {
  const name = request.name ?? '';
  switch (request.verb) {
    case 'list-relays':
      return { ok: true, text: parts.clerk.standings().map(line).join('\n') };
    case 'resume-relay': {
      const standing = await parts.clerk.resume(name);
      if (standing === null) return { ok: false, text: `There is no relay ${JSON.stringify(name)}` };
      return { ok: standing.state === 'open', text: line(standing) };
    }
    case 'create-account':
      return createAccount(name, { ...parts, now: parts.now() });
  }
}

/** Makes an account and its first key. Also used by the tool itself while no process is running. */
export async function createAccount(
  name: string,
  parts: { readonly accounts: Accounts; readonly prefix: string; readonly now: number },
): Promise<ControlAnswer> {
  if (!isAccountName(name)) {
    return { ok: false, text: 'An account name is 1 to 32 lower-case letters, digits and "-"' };
  }
  if (!parts.accounts.create(name)) return { ok: false, text: `There is an account ${name} already` };
  const room = await parts.accounts.room(name);
  if (room === null) throw new Error('The account that was just made is not there');
  const { prefix, now } = parts;
  return { ok: true, text: await makeFirstKey({ room, account: name, prefix, now }) };
}

function line({ name, state, cause, until }: Standing): string {
  if (state === 'open') return `${name}: open`;
  const next = until === null ? '' : `; next look ${new Date(until).toISOString()}`;
  return `${name}: ${state}, ${cause ?? 'no reason given'}${next}`;
}
