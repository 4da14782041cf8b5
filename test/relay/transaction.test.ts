import { describe, expect, it, test } from 'vitest';
import type { TransactionRecord } from '../../src/relay/connection.ts';
import { NODE_WAITS } from '../../src/relay/patience.ts';
import type { Submission } from '../../src/relay/relay.ts';
import { readReply } from '../../src/relay/reply.ts';
import { transact } from '../../src/relay/transaction.ts';
import type { Done, Wire } from '../../src/relay/wire.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { BODY, submissionOf } from './support.ts';

// The transaction alone, on a wire whose every move is made by hand: here nothing depends on how fast a socket is.

interface HandWire extends Wire {
  /** A reply arrives. */
  says(line: string): void;
  /** The library lets the body flow and answers what it has read; `ended` when the final dot would follow. */
  readBody(): Promise<{ readonly text: string; readonly ended: boolean }>;
  done: Done;
  accepted: readonly string[];
  readonly destroyed: number;
  /** Lets what was written leave. */
  drain: () => void;
}

function handWire(): HandWire {
  let body: AsyncIterable<Uint8Array> | null = null;
  let destroyed = 0;
  const drained = Promise.withResolvers<void>();
  const wire: HandWire = {
    hear: () => undefined,
    broke: () => undefined,
    done: () => undefined,
    accepted: ['one@rcpt.example'],
    drain: drained.resolve,
    peer: { remoteHost: 'hand.test', tls: null },
    firstByte: 50,
    secure: true,
    ended: false,
    announced: '',
    connect: () => undefined,
    login: () => undefined,
    adopt: () => undefined,
    reset: () => undefined,
    quit: () => undefined,
    turn: () => Promise.resolve(),
    flushed: () => drained.promise,
    get destroyed() {
      return destroyed;
    },
    destroy() {
      destroyed += 1;
    },
    send(_envelope, given, { done }) {
      body = given;
      wire.done = done;
      return {
        get accepted() {
          return wire.accepted;
        },
      };
    },
    says(line) {
      wire.hear(readReply(line), line);
    },
    async readBody() {
      let text = '';
      try {
        for await (const chunk of body ?? []) text += new TextDecoder().decode(chunk);
        return { text, ended: true };
      } catch {
        return { text, ended: false };
      }
    },
  };
  return wire;
}

function begin(wanted: Partial<Submission> = {}): {
  readonly wire: HandWire;
  readonly clock: ManualClock;
  readonly record: Promise<TransactionRecord>;
} {
  const wire = handWire();
  const clock = createManualClock();
  const until = clock.now() + NODE_WAITS.beforeDot;
  const submission = { ...submissionOf(), ...wanted };
  const record = transact({
    wire,
    parts: { clock, waits: NODE_WAITS },
    submission,
    until,
    turn: null,
    listen: (ear) => Object.assign(wire, ear),
    dotLeft: () => undefined,
    ended: (isAnswered) => isAnswered || wire.destroy(),
  });
  return { wire, clock, record };
}

function goAhead(wire: HandWire): void {
  for (const line of ['250 sender', '250 recipient', '354 go on']) wire.says(line);
}

/** All that is waiting in promises has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('The end of the body is held back', () => {
  it('until all of it has left: before that, phase dot is not even asked for', async () => {
    let asked = 0;
    const { wire, clock, record } = begin({
      beforeDot() {
        asked += 1;
        return Promise.resolve(true);
      },
    });
    goAhead(wire);
    const body = wire.readBody();
    await settled();
    expect(asked).toBe(0);
    clock.advance(NODE_WAITS.body);
    expect(await record).toMatchObject({ phase: 'body', ending: { kind: 'broken' } });
    wire.drain();
    expect(await body).toEqual({ text: BODY, ended: false });
    expect(asked).toBe(0);
  });

  it('until phase dot is durable, and for good when everything ended meanwhile', async () => {
    const stop = new AbortController();
    const recorded = Promise.withResolvers<boolean>();
    const { wire, record } = begin({ signal: stop.signal, beforeDot: () => recorded.promise });
    goAhead(wire);
    wire.drain();
    const body = wire.readBody();
    await settled();
    stop.abort();
    recorded.resolve(true);
    expect(await body).toEqual({ text: BODY, ended: false });
    expect(await record).toMatchObject({ phase: 'body', ending: { kind: 'withdrawn' } });
    expect(wire.destroyed).toBe(1);
  });

  it('then the dot may leave, and only a reply or the end of patience settles it', async () => {
    const { wire, clock, record } = begin();
    goAhead(wire);
    wire.drain();
    expect(await wire.readBody()).toEqual({ text: BODY, ended: true });
    clock.advance(NODE_WAITS.dot - 1);
    wire.says('250 2.0.0 queued');
    wire.done(null);
    expect(await record).toMatchObject({ phase: 'dot', final: { code: 250 }, ending: { kind: 'answered' } });
    expect(clock.pending).toBe(0);
    expect(wire.destroyed).toBe(0);
  });

  it('the wait for the reply to the dot has its full ten minutes, however late the dot left', async () => {
    const { wire, clock, record } = begin();
    clock.advance(NODE_WAITS.mail - 1);
    wire.says('250 sender');
    clock.advance(NODE_WAITS.rcpt - 1);
    wire.says('250 recipient');
    wire.says('354 go on');
    wire.drain();
    expect((await wire.readBody()).ended).toBe(true);
    clock.advance(NODE_WAITS.dot - 1);
    wire.says('250 2.0.0 queued');
    wire.done(null);
    expect((await record).ending).toEqual({ kind: 'answered' });
  });
});

describe('Before the dot there is one deadline for all', () => {
  it('which steps that each keep theirs cannot outlive', async () => {
    const { wire, clock, record } = begin();
    clock.advance(NODE_WAITS.mail - 1);
    wire.says('250 sender');
    clock.advance(NODE_WAITS.rcpt - 1);
    wire.says('250 recipient');
    clock.advance(3);
    expect(await record).toMatchObject({ phase: 'data', ending: { kind: 'broken' } });
    expect(wire.destroyed).toBe(1);
  });
});

describe('A reply that leaves doubt ends it at once', () => {
  test.each([
    // MAIL is answered, if only by noise: what is waited for is the next reply.
    ['unreadable, to MAIL', [], '2 fine', 'rcpt'],
    ['unreadable, to RCPT', ['250 sender'], 'garbage', 'data'],
    ['a 3yz to RCPT', ['250 sender'], '354 go on', 'data'],
    ['a 2yz to DATA', ['250 sender', '250 recipient'], '250 ok', 'data'],
    ['a second reply to DATA', ['250 sender', '250 recipient', '354 go on'], '354 go on', 'body'],
    ['a success before the end', ['250 sender', '250 recipient', '354 go on'], '250 queued', 'body'],
    ['a refusal before the end', ['250 sender', '250 recipient', '354 go on'], '552 5.3.4 large', 'body'],
  ] as const)('%s', async (_, before, line, phase) => {
    const { wire, record } = begin();
    for (const each of before) wire.says(each);
    expect(wire.destroyed).toBe(0);
    wire.says(line);
    expect(wire.destroyed).toBe(1);
    const outcome = await record;
    expect(outcome.ending.kind).toBe('broken');
    expect(outcome.phase).toBe(phase);
  });

  it('and what comes behind it is not counted', async () => {
    const { wire, record } = begin();
    wire.says('what');
    for (const line of ['250 sender', '250 recipient', '354 go on']) wire.says(line);
    expect(await record).toMatchObject({ mail: { code: null }, recipients: [null], data: null });
  });

  it('when the library believes another recipient was taken than we heard, nothing is written', async () => {
    const { wire, record } = begin();
    wire.accepted = ['somebody.else@rcpt.example'];
    goAhead(wire);
    expect(await wire.readBody()).toEqual({ text: '', ended: false });
    expect((await record).ending).toEqual({ kind: 'broken', cause: 'the replies do not add up' });
  });

  it('when it writes the body though DATA was not answered by 354, nothing is written', async () => {
    const { wire, record } = begin();
    wire.says('250 sender');
    wire.says('250 recipient');
    expect(await wire.readBody()).toEqual({ text: '', ended: false });
    expect((await record).ending.kind).toBe('broken');
  });

  it("the library's word that it went well is not enough", async () => {
    const { wire, record } = begin();
    goAhead(wire);
    wire.drain();
    await wire.readBody();
    wire.done(null);
    expect(await record).toMatchObject({ phase: 'dot', final: null, ending: { kind: 'broken' } });
  });
});
