import { CrashRunner } from '../support/crash-runner.ts';
import { soon } from '../support/wait-until.ts';
import { type Heard, MISCHIEFS, type Mischief, WebhookSink } from '../support/webhook-sink.ts';
import type { Report } from './figure.ts';
import { KEY } from './sending.ts';
import {
  type Accepted,
  type Account,
  endpointOf,
  type Hook,
  type Listed,
  listEvents,
  openAccounts,
  openHooks,
  sendUntil,
  TYPES,
} from './webhook-stage.ts';

/** Seconds of the process in one of ours: a call that hangs ends after 1.5 s of our time and not after 15. */
const PACE = 10;

/** Each life begins that much later, so that what waits for its fifth try (2 hours) gets it in the next one. */
const LEAP_MS = 3 * 3_600_000;

const FAILING = 0.3;

/** An event that is failed eight times in a row is given up, and should be; this keeps away from it. */
const FAILED_IN_A_ROW_AT_MOST = 4;

/** The share of a life's new calls after which it is killed: from … to all of them. */
const LEAST_PROGRESS = 0.3;
const LIFE_WITHIN_MS = 10_000;

/** When no call has come for so long, what is left waits for a later hour. */
const QUIET_MS = 2_000;
const LAST_LIFE_WITHIN_MS = 40_000;
const LAST_LIVES = 12;
const SETTLED_WITHIN_MS = 10_000;

/** Repeats that are still few: a call that was answered and not recorded when its caller died. */
const REPEATS_AT_MOST = 0.05;

export interface WebhooksSize {
  /** Each makes two events. */
  readonly mails: number;
  readonly accounts: number;
  readonly kills: number;
}

export const WEBHOOKS: WebhooksSize = { mails: 2_500, accounts: 10, kills: 20 };
export const WEBHOOKS_SHORT: WebhooksSize = { mails: 120, accounts: 2, kills: 3 };

/** Who takes part, and what has been accepted so far. */
interface Stage {
  readonly runner: CrashRunner;
  readonly sink: WebhookSink;
  readonly accounts: readonly Account[];
  readonly hooks: readonly Hook[];
  readonly accepted: Accepted[];
}

/** Receivers that fail and a sender that is killed: every event arrives all the same. */
export async function webhooks({ mails, accounts: count, kills }: WebhooksSize): Promise<Report> {
  const runner = await CrashRunner.open({ API_KEY: KEY, RATE_LIMIT: '0', EGRESS_ALLOW: '127.0.0.1' }, PACE);
  const secrets = new Map<string, string>();
  const secretOf = (endpoint: string): string | null => secrets.get(endpoint) ?? null;
  const sink = await WebhookSink.open({ secretOf, fail: mischiefFor, now: () => runner.now() });
  try {
    const accounts = await openAccounts(runner.dataDir, count);
    await runner.start();
    const hooks = await openHooks(runner, accounts, { sink, secrets });
    const stage: Stage = { runner, sink, accounts, hooks, accepted: [] };
    for (let life = 1; life <= kills; life++) {
      await untilKilled(stage, { until: Math.ceil((mails * life) / kills), calls: (2 * mails) / kills });
      await runner.start();
    }
    await sendUntil(mails, stage);
    const listed = await lastLives(stage);
    return reportOf(stage, { listed, kills });
  } finally {
    await runner.close();
    await sink.close();
  }
}

function mischiefFor({ failedInARow }: Heard): Mischief | null {
  if (failedInARow >= FAILED_IN_A_ROW_AT_MOST || Math.random() >= FAILING) return null;
  return MISCHIEFS[Math.floor(Math.random() * MISCHIEFS.length)] ?? null;
}

/** Killed by progress: in the middle of what is new and of what comes back from the lives before. */
async function untilKilled(
  stage: Stage,
  { until, calls }: { readonly until: number; readonly calls: number },
): Promise<void> {
  const { runner, sink } = stage;
  const sending = sendUntil(until, stage);
  const share = LEAST_PROGRESS + (1 - LEAST_PROGRESS) * Math.random();
  const enough = sink.calls + calls * share;
  await soon(() => sink.calls >= enough, LIFE_WITHIN_MS);
  await runner.kill();
  await sending;
  runner.leap(LEAP_MS);
}

/** Nobody is killed any more; each life sees the tries that are due in its hours. */
async function lastLives(stage: Stage): Promise<readonly Listed[]> {
  const { runner, hooks, sink } = stage;
  for (let life = 1; ; life++) {
    const begun = performance.now();
    const isQuiet = (): boolean => performance.now() - Math.max(begun, sink.lastCallAt) > QUIET_MS;
    await soon(() => isAllTaken(stage) || isQuiet(), LAST_LIFE_WITHIN_MS);
    let listed = await listEvents(runner, hooks);
    const look = async (): Promise<boolean> => {
      listed = await listEvents(runner, hooks);
      return listed.every(({ status }) => status === 'success' || status === 'failed');
    };
    const isOver = isAllTaken(stage) ? await soon(look, SETTLED_WITHIN_MS) : await look();
    if (isOver || life === LAST_LIVES) return listed;
    await runner.stop();
    runner.leap(LEAP_MS);
    await runner.start();
  }
}

/** Of those that have been heard of. */
function isAllTaken({ sink, accepted }: Stage): boolean {
  const events = [...sink.events.values()];
  return events.length >= TYPES.length * accepted.length && events.every(({ taken }) => taken > 0);
}

function reportOf(
  { sink, accepted, runner }: Stage,
  { listed, kills }: { readonly listed: readonly Listed[]; readonly kills: number },
): Report {
  const heard = [...sink.events.values()];
  const byMail = Map.groupBy(heard, ({ endpoint, emailId }) => `${endpoint} ${emailId}`);
  const expected = accepted.flatMap(({ account, id }) =>
    TYPES.map((type) => `${endpointOf(account, type)} ${id}`),
  );
  const unheard = expected.filter((one) => !byMail.get(one)?.some(({ taken }) => taken > 0));
  const unsettled = listed.filter(
    ({ id, status, hook }) =>
      status !== 'success' || (sink.events.get(`${hook.endpoint} ${id}`)?.taken ?? 0) === 0,
  );
  const renamed = [...byMail].filter(([, events]) => events.length > 1).map(([one]) => one);
  const repeats = heard.reduce((sum, event) => sum + event.repeats, 0);
  const once = { atMost: 0, of: listed.length, unit: 'events' };
  return {
    part: 'webhooks',
    figures: [
      { ...once, figure: 'webhook events not delivered', seen: Math.max(unheard.length, unsettled.length) },
      {
        ...once,
        figure: 'webhook events that came with a second id or other bytes',
        seen: renamed.length + sink.altered.length,
      },
      {
        ...once,
        figure: 'calls for an event that had been taken already',
        seen: repeats,
        atMost: REPEATS_AT_MOST,
      },
      {
        figure: 'calls that the published verifier does not take',
        seen: sink.unsigned,
        of: sink.calls,
        unit: 'calls',
        atMost: 0,
      },
    ],
    facts: {
      kills,
      lives: runner.lives,
      endpoints: new Set(heard.map(({ endpoint }) => endpoint)).size,
      ...Object.fromEntries(MISCHIEFS.map((kind) => [`calls failed by ${kind}`, sink.failed[kind]])),
      'most calls for one event': Math.max(...heard.map((event) => event.calls)),
    },
    evidence: [
      ...unheard.map((one) => `not delivered: ${one}`),
      ...unsettled.map(({ id, status, hook }) => `${status}: ${hook.endpoint} ${id}`),
      ...renamed.map((one) => `a second id: ${one}`),
      ...sink.altered.map((id) => `other bytes: ${id}`),
    ],
  };
}
