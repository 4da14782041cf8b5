import { isDeepStrictEqual } from 'node:util';
import type { Relay } from '../../src/relay/relay.ts';
import { FAULTS } from '../relay/fault-table.ts';
import { CREDENTIALS, relayTo } from '../relay/support.ts';
import { certificates } from '../support/certificates.ts';
import { House } from '../support/house.ts';
import { scriptedRelay } from '../support/scripted-relay.ts';
import { refusedPort, type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import type { Fault, Script, Step } from '../support/smtp-script.ts';
import { storedFile } from '../support/stored-file.ts';
import { type Cell, type Fate, type Fates, fatesOf, nameOf } from './matrix-table.ts';

/** More than any socket buffers, so that a fault in the body is felt before its end. */
const LARGE_BYTES = 24_000_000;

/** Waits pass in steps of this, so that an outcome is seen before the time after it comes. */
const STEP_MS = 10_000;

/** Longer than the wait of an unknown outcome, of a held relay and of a first retry. */
const WHILE_MS = 2 * 3_600_000;

/** Plays one cell through mailroom, clerk and relay, in told time; what is not as it should be, or null. */
export async function playOnNode(cell: Cell): Promise<string | null> {
  const stage = await openStage(cell);
  try {
    const found = await fatesAt(stage, cell);
    const wanted = fatesOf(cell, 'node');
    if (isDeepStrictEqual(found, wanted)) return null;
    return `${nameOf(cell)}: ${JSON.stringify(found)} and not ${JSON.stringify(wanted)}`;
  } finally {
    await stage.relay.close();
    await stage.server.close();
  }
}

interface Stage {
  readonly house: House;
  readonly server: ScriptedServer;
  readonly relay: Relay;
  /** Whether the first attempt waits for a server that keeps silent: then time has to pass, and else it must not. */
  isStill(): boolean;
  /** How many attempts are over. */
  over(): number;
}

async function openStage({ security, step, fault }: Cell): Promise<Stage> {
  const { good: certificate } = await certificates();
  const attempts = { begun: 0, over: 0, probes: 0 };
  const script = fault === 'refuse' ? {} : atFirst(step, FAULTS[fault], () => attempts.over === 0);
  const server = await startScriptedServer({ security, certificate, script, bodyFaultAt: 0.3 });
  const main = scriptedRelay({ name: 'main' });
  const house = new House({ relays: [main] });
  const { now, after } = house.clock;
  // In the clear there are credentials too: it is this machine.
  const config = { credentials: CREDENTIALS };
  const to = (port: number) => relayTo({ port, security, clock: { now, after }, config });
  const [relay, deserted] = [await to(server.port), await to(await refusedPort())];
  main.script = (submission, nth) => {
    attempts.begun++;
    const chosen = fault === 'refuse' && nth === 1 ? deserted : relay;
    return chosen.submit(submission).finally(() => attempts.over++);
  };
  main.onProbe = () => {
    attempts.probes++;
    return relay.probe(new AbortController().signal).finally(() => attempts.probes--);
  };
  let hasStopped = false;
  void Promise.race([server.seen('hang'), server.seen('drip')]).then(() => {
    hasStopped = true;
  });
  const isStill = (): boolean => hasStopped && attempts.over === 0;
  const isBusy = house.clock.isBusy;
  house.clock.isBusy = () =>
    isBusy() || (!isStill() && (attempts.begun > attempts.over || attempts.probes > 0));
  return { house, server, relay, isStill, over: () => attempts.over };
}

/** After the first attempt the server is as usual. */
function atFirst(step: Step, fault: Fault, isFirst: () => boolean): Script {
  return { [step]: () => (isFirst() ? fault : null) };
}

async function fatesAt({ house, server, isStill, over }: Stage, { step }: Cell): Promise<Fates> {
  const attachments = step === 'body' ? [await storedFile(house.objects, Buffer.alloc(LARGE_BYTES))] : [];
  const id = house.accept({ attachments });
  while (over() === 0) await (isStill() ? house.clock.advance(STEP_MS) : house.clock.quiet());
  const isUnderWay = (): boolean => ['claimed', 'sending'].includes(house.states(id)[0] ?? '');
  await house.until(() => !isUnderWay());
  const first = fateOf(house, id);
  const isFinal = (): boolean => ['sent', 'failed'].includes(house.states(id)[0] ?? '');
  for (let waited = 0; waited < WHILE_MS && !isFinal(); waited += STEP_MS) {
    await house.clock.advance(STEP_MS);
  }
  return { first, last: fateOf(house, id), copies: server.messages.length };
}

function fateOf(house: House, id: string): Fate {
  const [recipient] = house.email(id).recipients;
  if (recipient === undefined) throw new Error('No recipient');
  const { state, attempts, maybeDuplicate } = recipient;
  return { state, attempts, events: house.events(id) as Fate['events'], maybeDuplicate };
}
