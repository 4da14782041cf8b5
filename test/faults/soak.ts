import { readdir } from 'node:fs/promises';
import { call } from '../support/caller.ts';
import { CrashRunner } from '../support/crash-runner.ts';
import { type Balance, balance } from '../support/ledger.ts';
import { type Arrival, openSink } from '../support/sink.ts';
import { type Held, memoryOf } from '../support/usage.ts';
import { pause } from '../support/wait-until.ts';
import { type Heard, WebhookSink } from '../support/webhook-sink.ts';
import { drain } from './drain.ts';
import type { Figure, Report } from './figure.ts';
import { evidenceOf } from './kill.ts';
import { KEY, relaySettings, Sender } from './sending.ts';

const SENDS_PER_SECOND = 20;
const FAULTS = 0.05;
const LOOK_EVERY_MS = 5_000;
/** Until then the process is still filling its caches, and its code is still being compiled. */
const WARM_SHARE = 0.25;
/** A slope says something from this on. */
const SLOPE_MINUTES = 30;
const KIB = 1024;
const KIB_PER_HOUR = 1024;
const QUARTERS_PER_HOUR = 4;
/** Connections come and go between two looks. */
const SPARE_DESCRIPTORS = 10;

export interface SoakSize {
  readonly minutes: number;
}

export const SOAK: SoakSize = { minutes: 60 };
export const SOAK_SHORT: SoakSize = { minutes: 1 };

interface Look {
  /** Since the first look, in hours. */
  readonly hours: number;
  readonly held: Held;
  readonly descriptors: number;
}

/** An hour of mail and webhooks at an even pace; one in twenty of what the process talks to fails. */
export async function soak({ minutes }: SoakSize): Promise<Report> {
  const sink = await openSink();
  sink.onMessage = async () => misbehave();
  let secret: string | null = null;
  const hooks = await WebhookSink.open({
    secretOf: () => secret,
    fail: ({ failedInARow }: Heard) => (failedInARow < 2 && Math.random() < FAULTS ? 'error' : null),
    now: () => Date.now(),
  });
  const runner = await CrashRunner.open({
    ...relaySettings(sink),
    EGRESS_ALLOW: '127.0.0.1',
    UNKNOWN_RETRY: 'once',
  });
  try {
    await runner.start({ lifetimeMs: (minutes + 10) * 60_000 });
    const endpoint = hooks.url('soak');
    const body = JSON.stringify({ endpoint, events: ['email.sent'] });
    const made = await call({ url: `${runner.url}/webhooks`, key: KEY, body });
    secret = JSON.parse(made?.text ?? '{}').signing_secret ?? null;
    const sender = new Sender(runner, SENDS_PER_SECOND);
    sender.begin();
    const looks = await watch(runner.pid, minutes);
    await sender.end();
    await runner.stop();
    const kept = await drain(runner, sink);
    const mayRepeat = ({ repliedAt }: Arrival): boolean => repliedAt === null;
    const books = balance({ accepted: sender.accepted, arrivals: sink.arrived, kept, mayRepeat });
    return {
      part: 'soak',
      figures: [...growthFigures(looks, minutes), ...mailFigures(books)],
      facts: {
        minutes,
        'sends tried': sender.tried,
        'dots without a reply': sink.arrived.filter(mayRepeat).length,
        ...heldByQuarter(looks),
        'slope once warm, KiB an hour': Math.round(slopeOf(looks)),
        'descriptors, most': Math.max(...looks.map(({ descriptors }) => descriptors)),
        'webhook events taken': [...hooks.events.values()].filter(({ taken }) => taken > 0).length,
      },
      evidence: evidenceOf(books),
    };
  } finally {
    await runner.close();
    await hooks.close();
    await sink.close();
  }
}

/** Half of the faults leave the outcome open, the other half are refusals for now. */
function misbehave(): 'drop' | Error | null {
  const dice = Math.random();
  if (dice >= FAULTS) return null;
  return dice < FAULTS / 2 ? 'drop' : Object.assign(new Error('4.3.0 not now'), { responseCode: 451 });
}

async function watch(pid: number, minutes: number): Promise<readonly Look[]> {
  const looks: Look[] = [];
  const since = performance.now();
  for (let at = 0; at < minutes * 60_000; at += LOOK_EVERY_MS) {
    await pause(since + at - performance.now());
    const held = await memoryOf(pid);
    const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
    const hours = (performance.now() - since) / 3_600_000;
    looks.push({ hours, held, descriptors });
  }
  return looks;
}

function growthFigures(looks: readonly Look[], minutes: number): readonly Figure[] {
  const [early, late] = [looks.slice(0, looks.length >> 1), looks.slice(looks.length >> 1)].map((some) =>
    Math.max(...some.map(({ descriptors }) => descriptors)),
  );
  const descriptors: Figure = {
    figure: 'descriptors that are more in the second half of the soak than in the first, beyond 10',
    seen: Math.max(0, (late ?? Number.NaN) - (early ?? Number.NaN) - SPARE_DESCRIPTORS),
    of: looks.length,
    unit: 'looks',
    atMost: 0,
  };
  if (minutes < SLOPE_MINUTES) return [descriptors];
  const memory: Figure = {
    figure: 'hours in which resident memory grew by more than 1 MiB, once warm',
    seen: slopeOf(looks) > KIB_PER_HOUR ? 1 : 0,
    of: 1,
    unit: 'hour',
    atMost: 0,
  };
  return [memory, descriptors];
}

/** Whether a slope is growth without end, a step, or what settles, is seen in what each quarter of an hour held at least. */
function heldByQuarter(looks: readonly Look[]): Readonly<Record<string, number>> {
  const quarters = Map.groupBy(looks, ({ hours }) => Math.floor(hours * QUARTERS_PER_HOUR));
  const facts = [...quarters].flatMap(([index, some]) => {
    const least = (bytes: (look: Look) => number): number => Math.min(...some.map(bytes)) / KIB;
    return [
      [`resident in quarter ${index + 1} at least, KiB`, least(({ held }) => held.resident)],
      [`anonymous of it in quarter ${index + 1} at least, KiB`, least(({ held }) => held.anonymous)],
    ] as const;
  });
  return Object.fromEntries(facts);
}

/**
 * KiB an hour, once warm: the median of the slopes between any two minutes (Theil and Sen), of what each minute held at
 * least. Garbage that waits to be collected is not growth.
 */
function slopeOf(looks: readonly Look[]): number {
  const warm = looks.slice(Math.floor(looks.length * WARM_SHARE));
  const minutes = [...Map.groupBy(warm, ({ hours }) => Math.floor(hours * 60))].map(([minute, some]) => ({
    hours: minute / 60,
    kib: Math.min(...some.map(({ held }) => held.resident / KIB)),
  }));
  const slopes = minutes.flatMap((one, place) =>
    minutes.slice(place + 1).map((other) => (other.kib - one.kib) / (other.hours - one.hours)),
  );
  return slopes.toSorted((one, other) => one - other)[slopes.length >> 1] ?? 0;
}

function mailFigures(books: Balance): readonly Figure[] {
  return [
    {
      figure: 'accepted mail lost, or at no final state, in the soak',
      seen: books.lost.length + books.unfinished.length,
      of: books.accepted,
      unit: 'accepted mails',
      atMost: 0,
    },
    {
      figure: 'mail sent twice in the soak though its dot was answered',
      seen: books.outside.length,
      of: books.arrived,
      unit: 'arrived mails',
      atMost: 0,
    },
  ];
}
