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

/** Each life begins that much later, so that what waits for its fifth try (2 hours) gets it in the next one. */
const LEAP_MS = 3 * 3_600_000;

const FAILING = 0.3;

/** The share of a life's new calls after which it is killed: from … to all of them. */
const LEAST_PROGRESS = 0.3;
const LIFE_WITHIN_MS = 10_000;

/** When no call has come for so long, what is left waits for a later hour. */
const QUIET_MS = 2_000;
const LAST_LIFE_WITHIN_MS = 40_000;
const LAST_LIVES = 12;
const SETTLED_WITHIN_MS = 10_000;

export interface WebhooksSize {
  /** Each makes two events. */
  readonly mails: number;
  readonly accounts: number;
  readonly kills: number;
  /** An event that is failed eight times in a row is given up, and should be: receivers keep away from that. */
  readonly inARow: number;
  /** Seconds of the process in one of ours: at 10 a call that hangs ends after 1.5 s of our time and not after 15. */
  readonly pace: number;
  /** The share of calls that may be repeats, of what was answered and not recorded when its caller died. */
  readonly repeatsAtMost: number;
}

export const WEBHOOKS: WebhooksSize = {
  mails: 2_500,
  accounts: 10,
  kills: 20,
  inARow: 4,
  pace: 10,
  repeatsAtMost: 0.05,
};
/** More kills for each event: two calls at each of four endpoints, at each of three. */
export const WEBHOOKS_SHORT: WebhooksSize = {
  mails: 100,
  accounts: 2,
  kills: 3,
  inARow: 2,
  pace: 20,
  repeatsAtMost: 0.12,
};

/** Who takes part, and what has been accepted so far. */
interface Stage {
  readonly runner: CrashRunner;
  readonly sink: WebhookSink;
  readonly accounts: readonly Account[];
  readonly hooks: readonly Hook[];
  readonly accepted: Accepted[];
}

/** Receivers that fail and a sender that is killed: every event arrives all the same. */
export async function webhooks(size: WebhooksSize): Promise<Report> {
  const { mails, kills } = size;
  const settings = { API_KEY: KEY, RATE_LIMIT: '0', EGRESS_ALLOW: '127.0.0.1' };
  const runner = await CrashRunner.open(settings, size.pace);
  const secrets = new Map<string, string>();
  const secretOf = (endpoint: string): string | null => secrets.get(endpoint) ?? null;
  const sink = await WebhookSink.open({
    secretOf,
    fail: (event) => mischiefFor(event, size),
    now: () => runner.now(),
  });
  try {
    const accounts = await openAccounts(runner.dataDir, size.accounts);
    await runner.start();
    const hooks = await openHooks(runner, accounts, { sink, secrets });
    const stage: Stage = { runner, sink, accounts, hooks, accepted: [] };
    for (let life = 1; life <= kills; life++) {
      await untilKilled(stage, { until: Math.ceil((mails * life) / kills), calls: (2 * mails) / kills });
      await runner.start();
    }
    await sendUntil(mails, stage);
    const listed = await lastLives(stage);
    return reportOf(stage, { listed, size });
  } finally {
    await runner.close();
    await sink.close();
  }
}

function mischiefFor({ failedInARow }: Heard, { inARow }: WebhooksSize): Mischief | null {
  if (failedInARow >= inARow || Math.random() >= FAILING) return null;
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
  { listed, size }: { readonly listed: readonly Listed[]; readonly size: WebhooksSize },
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
        atMost: size.repeatsAtMost,
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
      kills: size.kills,
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
