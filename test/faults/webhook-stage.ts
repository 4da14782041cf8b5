import { join } from 'node:path';
import { type Answered, call, readAll } from '../support/caller.ts';
import type { CrashRunner } from '../support/crash-runner.ts';
import { runToEnd } from '../support/process.ts';
import type { WebhookSink } from '../support/webhook-sink.ts';
import { KEY } from './sending.ts';

/** What a mail to a simulated address that takes everything is told by. */
export const TYPES = ['email.sent', 'email.delivered'] as const;

/** As in the contract's list of simulated addresses. */
const TAKES_ALL = 'delivered@resend.dev';

const SENDERS = 8;

export interface Account {
  readonly name: string;
  readonly key: string;
}

export interface Hook {
  readonly account: Account;
  /** One for each account and type, so that a mail makes one event at each of two. */
  readonly endpoint: string;
  readonly id: string;
}

/** A mail that was answered by 2xx. */
export interface Accepted {
  readonly account: Account;
  readonly id: string;
}

export function endpointOf(account: Account, type: string): string {
  return `${account.name}.${type}`;
}

/** The operator's account and others. Made while no process is running. */
export async function openAccounts(dataDir: string, count: number): Promise<readonly Account[]> {
  const accounts: Account[] = [{ name: 'default', key: KEY }];
  const tool = join('src', 'platform', 'node', 'account.ts');
  while (accounts.length < count) {
    const name = `account-${accounts.length}`;
    const { stdout, stderr } = await runToEnd([tool, 'create', name], { DATA_DIR: dataDir });
    const key = /\S+_\S+/.exec(stdout)?.[0];
    if (key === undefined) throw new Error(`No account was made: ${stderr}`);
    accounts.push({ name, key });
  }
  return accounts;
}

/** @param secrets filled, so that the receivers can verify. */
export async function openHooks(
  runner: CrashRunner,
  accounts: readonly Account[],
  { sink, secrets }: { readonly sink: WebhookSink; readonly secrets: Map<string, string> },
): Promise<readonly Hook[]> {
  const hooks: Hook[] = [];
  for (const account of accounts) {
    for (const type of TYPES) {
      const endpoint = endpointOf(account, type);
      const body = JSON.stringify({ endpoint: sink.url(endpoint), events: [type] });
      const made = opened(await call({ url: `${runner.url}/webhooks`, key: account.key, body }));
      secrets.set(endpoint, made.signing_secret);
      hooks.push({ account, endpoint, id: made.id });
    }
  }
  return hooks;
}

function opened(answer: Answered | null): { readonly id: string; readonly signing_secret: string } {
  if (answer?.status !== 201) throw new Error(`No webhook was made: ${answer?.text}`);
  return JSON.parse(answer.text);
}

/** Sends, several at once and from each account in turn, until there are so many or the process is gone. */
export async function sendUntil(
  count: number,
  {
    runner,
    accounts,
    accepted,
  }: {
    readonly runner: CrashRunner;
    readonly accounts: readonly Account[];
    readonly accepted: Accepted[];
  },
): Promise<void> {
  let begun = accepted.length;
  const body = JSON.stringify({ from: 'you@example.com', to: TAKES_ALL, subject: 'Hello', text: 'x' });
  const one = async (): Promise<void> => {
    while (begun < count) {
      const account = accounts[begun++ % accounts.length];
      if (account === undefined) return;
      const answer = await call({ url: `${runner.url}/emails`, key: account.key, body });
      if (answer === null) return;
      if (answer.status === 200) accepted.push({ account, id: JSON.parse(answer.text).id });
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, one));
}

export interface Listed {
  readonly id: string;
  readonly status: string;
  readonly hook: Hook;
}

/** Every event of every webhook, as the service lists them. */
export async function listEvents(runner: CrashRunner, hooks: readonly Hook[]): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  for (const hook of hooks) {
    const url = `${runner.url}/webhooks/${hook.id}/events`;
    const events = await readAll<Omit<Listed, 'hook'>>({ url, key: hook.account.key });
    listed.push(...events.map(({ id, status }) => ({ id, status, hook })));
  }
  return listed;
}
