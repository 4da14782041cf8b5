import { House, newEmail } from '../support/house.ts';
import { isDown, scriptedRelay, takes } from '../support/scripted-relay.ts';
import type { Report } from './figure.ts';

const SECOND_MS = 1_000;
const OUTAGE_MS = 10 * 60_000;
const CONNECTIONS = 50;
const ACCOUNTS = ['default', 'one', 'two', 'three', 'four'] as const;

export interface OutageSize {
  readonly queued: number;
  /** Messages per second that the relay is configured for. */
  readonly rate: number;
}

export const OUTAGE: OutageSize = { queued: 10_000, rate: 20 };
export const OUTAGE_SHORT: OutageSize = { queued: 600, rate: 20 };

/** A relay that is down for ten minutes while mail is accepted: mailroom and clerk in told time, second by second. */
export async function outage({ queued, rate }: OutageSize): Promise<Report> {
  const relay = scriptedRelay({ name: 'main', rate, connections: CONNECTIONS, script: isDown });
  const failure = { kind: 'failure', cause: 'refused' } as const;
  relay.onProbe = async () => failure;
  const house = new House({ relays: [relay], accounts: ACCOUNTS });
  const attempts: number[] = [];
  const watched =
    (script: typeof takes): typeof takes =>
    (submission, nth) => {
      attempts.push(house.clock.now());
      return script(submission, nth);
    };
  relay.script = watched(isDown);
  for (let number = 0; number < queued; number++) accept(house, number);
  await house.restart();
  const begun = house.clock.now();
  await house.clock.advance(OUTAGE_MS);
  const tries = attempts.splice(0).length;
  const probes = relay.probes.length;

  relay.script = watched(takes);
  relay.onProbe = async () => ({ kind: 'well' });
  const back = house.clock.now();
  while (relay.carried.length < queued) await house.clock.advance(10 * SECOND_MS);
  const busiest = busiestSeconds(attempts);
  const seconds = Math.ceil(((attempts.at(-1) ?? back) - back) / SECOND_MS);
  // A token bucket: whoever waits for the next token may have saved one.
  const tooFast = busiest.filter((count) => count > rate + 1);
  const ids = new Set(relay.carried.map(({ bytes }) => /^Message-ID: (.*)$/im.exec(bytes)?.[1]));
  return {
    part: 'outage',
    figures: [
      {
        figure:
          'seconds after an outage of 10 min with more attempts than the rate and one that was saved up',
        seen: tooFast.length,
        of: busiest.length,
        unit: 'seconds, from each attempt on',
        atMost: 0,
      },
      {
        figure: 'mail lost or sent twice over an outage of 10 min',
        seen: queued - ids.size + (relay.carried.length - ids.size),
        of: queued,
        unit: 'queued mails',
        atMost: 0,
      },
      {
        figure: 'attempts that failed during the outage beyond those that opened the circuit',
        seen: Math.max(0, tries - FAILURES_TO_BREAK),
        of: queued,
        unit: 'queued mails',
        // What was under way when the circuit opened.
        atMost: CONNECTIONS / queued,
      },
    ],
    facts: {
      'configured rate, per second': rate,
      'busiest second': Math.max(...busiest),
      'first attempt after the relay was back, s': Math.round(((attempts[0] ?? back) - back) / SECOND_MS),
      'all sent after, s': seconds,
      'at the full rate it would be, s': Math.round(queued / rate),
      'attempts during the outage': tries,
      'probes during the outage': probes,
      'outage, s': Math.round((back - begun) / SECOND_MS),
    },
    evidence: [],
  };
}

/** Delivery.md section 8. */
const FAILURES_TO_BREAK = 5;

/** For each attempt, how many there were in the second that begins with it. */
function busiestSeconds(attempts: readonly number[]): readonly number[] {
  let end = 0;
  return attempts.map((at, place) => {
    while (end < attempts.length && (attempts[end] ?? 0) < at + SECOND_MS) end++;
    return end - place;
  });
}

function accept(house: House, number: number): void {
  const account = ACCOUNTS[number % ACCOUNTS.length] ?? ACCOUNTS[0];
  house.mailroom(account).accept({
    door: { key: { id: null, permission: 'full_access', domain: null } },
    mode: 'single',
    items: [{ kind: 'email', email: newEmail({ recipients: [`r${number}@example.org`] }) }],
    now: house.clock.now(),
  });
}
