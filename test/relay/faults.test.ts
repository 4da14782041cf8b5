import { afterEach, describe, expect, it } from 'vitest';
import type { Phase, Verdict } from '../../schemas/delivery.ts';
import type { Relay, Security, Submission, SubmissionResult } from '../../src/relay/relay.ts';
import { certificates } from '../support/certificates.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { refusedPort, type ScriptedServer, startScriptedServer } from '../support/scripted-smtp-server.ts';
import type { ServerOptions } from '../support/smtp-script.ts';
import { expected, FAULTS, type FaultName, hasStep, SECURITIES, STEPS } from './fault-table.ts';
import { BODY, CREDENTIALS, relayTo, submissionOf } from './support.ts';

function wordsFor({ verdicts, condition }: SubmissionResult): string {
  const [verdict] = verdicts;
  const elsewhere = verdict !== undefined && 'elsewhere' in verdict && verdict.elsewhere;
  return `${verdict?.kind}${elsewhere ? ' elsewhere' : ''}, ${condition?.kind}`;
}

function phaseOf(verdict: Verdict | undefined): Phase | null {
  return verdict !== undefined && 'phase' in verdict ? verdict.phase : null;
}

let server: ScriptedServer;
let relay: Relay;

async function play(
  security: Security,
  options: ServerOptions,
  wanted: Partial<Submission> = {},
): Promise<SubmissionResult> {
  const clock = createManualClock();
  server = await startScriptedServer({ security, certificate: (await certificates()).good, ...options });
  relay = await relayTo({ port: server.port, security, clock, config: { credentials: CREDENTIALS } });
  const result = await patiently(clock, relay.submit({ ...submissionOf(), ...wanted }));
  await relay.close();
  expect(clock.pending, 'a timer is left').toBe(0);
  return result;
}

/** Moves the clock past every deadline once the server hangs or drips. */
async function patiently<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let settled = false;
  let timer: ReturnType<typeof setInterval> | null = null;
  void Promise.race([server.seen('hang'), server.seen('drip', 20)]).then(() => {
    if (!settled) timer = setInterval(() => clock.advance(3_600_000), 2);
  });
  try {
    return await work;
  } finally {
    settled = true;
    if (timer !== null) clearInterval(timer);
  }
}

afterEach(async () => {
  await relay?.close();
  await server?.close();
});

for (const security of SECURITIES) {
  describe(`Over ${security}`, () => {
    for (const step of STEPS.filter((one) => hasStep(security, one))) {
      for (const fault of Object.keys(FAULTS) as FaultName[]) {
        const outcome = expected(step, fault);
        it(`${fault} at ${step}: ${outcome}`, async () => {
          const message = step === 'body' ? bodyFor(fault) : submissionOf().message;
          const result = await play(security, { script: { [step]: FAULTS[fault] } }, { message });
          expect(wordsFor(result)).toBe(outcome);
          expect(server.messages).toEqual([]);
          if (security !== 'none') expect(server.clearBytes).not.toMatch(/AUTH |MAIL FROM|RCPT TO|DATA\r/);
        });
      }
    }
  });
}

/** More than any socket buffers: a relay that stops reading is felt before the end. */
async function* endless(): AsyncGenerator<Uint8Array> {
  const block = new TextEncoder().encode(`${'x'.repeat(76)}\r\n`.repeat(800));
  for (let sent = 0; sent < 64_000_000; sent += block.length) yield block;
}

function bodyFor(fault: FaultName): Submission['message'] {
  return fault === 'hang' || fault === 'drip' ? endless : stopsWhen(() => server.seen('fault'));
}

/** A body of which a part is written before the fault, and nothing after: what follows must not be the body's end. */
function stopsWhen(fault: () => Promise<void>): Submission['message'] {
  return async function* () {
    yield new TextEncoder().encode(BODY);
    await fault();
    await new Promise(() => undefined);
  };
}

describe('A relay that is not there', () => {
  it('a refused connection is deferred, counts towards the circuit, and the next relay may be tried', async () => {
    relay = await relayTo({ port: await refusedPort() });
    const { verdicts, condition } = await relay.submit(
      submissionOf({ recipients: ['a@x.example', 'b@x.example'] }),
    );
    expect(verdicts).toHaveLength(2);
    expect(verdicts[1]).toMatchObject({ kind: 'deferred', phase: 'connect', elsewhere: true, smtp: null });
    expect(condition?.kind).toBe('failure');
  });

  it('a name that nobody knows is deferred like it', async () => {
    relay = await relayTo({ port: 25, host: 'no-such-host.invalid' });
    const { verdicts, condition } = await relay.submit(submissionOf());
    expect(verdicts[0]).toMatchObject({ kind: 'deferred', phase: 'connect', elsewhere: true });
    expect(condition).toMatchObject({ kind: 'failure' });
  });

  it('one that accepts and says nothing is given up after the time for a greeting', async () => {
    const result = await play('none', { script: { connect: { kind: 'hang' } } });
    expect(wordsFor(result)).toBe('deferred elsewhere, failure');
    await server.seen('end');
  });

  it('one that closes at once is deferred', async () => {
    const result = await play('none', { script: { connect: { kind: 'close' } } });
    expect(wordsFor(result)).toBe('deferred elsewhere, failure');
  });
});

describe('After the final dot', () => {
  it.each([
    ['silence, then the end of patience', { kind: 'hang' }],
    ['a close', { kind: 'close' }],
    ['a reset', { kind: 'reset' }],
    ['a success without its line end', { kind: 'bytes', bytes: '250 2.0.0 queued', thenClose: true }],
    ['a refusal without its line end', { kind: 'bytes', bytes: '554 5.7.1 spam', thenClose: true }],
    ['the first line of two', { kind: 'bytes', bytes: '250-2.0.0 que\r\n', thenClose: true }],
    ['a line that is no reply', { kind: 'reply', lines: ['2 messages queued'] }],
    ['a 354', { kind: 'reply', lines: ['354 go on'] }],
    ['lines of two classes', { kind: 'reply', lines: ['250-ok', '550 no'] }],
  ] as const)('%s is unknown, and never a second attempt', async (_, fault) => {
    const result = await play('none', { script: { dot: fault } });
    expect(result.verdicts[0]?.kind).toBe('unknown');
    expect(result.condition?.kind).toBe('failure');
    expect(server.log.filter(({ what }) => what === 'message')).toHaveLength(1);
    expect(server.log.filter(({ what }) => what === 'connect')).toHaveLength(1);
  });
});

describe('Before the final dot', () => {
  it('DATA answered by 250 is no go-ahead: not a byte of the message is written', async () => {
    const result = await play('none', { script: { data: { kind: 'reply', lines: ['250 ok'] } } });
    expect(wordsFor(result)).toBe('deferred, failure');
    await server.seen('end');
    expect(server.clearBytes).not.toContain('A line.');
  });

  it('a 2yz in the middle of the body is no success', async () => {
    const result = await play(
      'none',
      { script: { body: { kind: 'reply', lines: ['250 2.0.0 queued already'] } } },
      { message: stopsWhen(() => server.seen('fault')) },
    );
    expect(wordsFor(result)).toBe('deferred, failure');
  });

  it('an unreadable reply to one recipient stops the message for all', async () => {
    const script: ServerOptions['script'] = {
      rcpt: ({ count }) => (count === 1 ? { kind: 'reply', lines: ['2xx fine, I think'] } : null),
    };
    const envelope = submissionOf({ recipients: ['a@x.example', 'b@x.example', 'c@x.example'] }).envelope;
    const { verdicts } = await play('none', { script }, { envelope });
    expect(verdicts.map(({ kind }) => kind)).toEqual(['deferred', 'deferred', 'deferred']);
    await server.seen('end');
    expect(server.clearBytes).not.toContain('A line.');
  });

  it.each([0, 0.5, 0.99])('a reset at %d of the body is deferred', async (share) => {
    const lines = `${'x'.repeat(76)}\r\n`.repeat(12_000);
    const whole = submissionOf({ body: lines });
    const result = await play(
      'none',
      { script: { body: { kind: 'reset' } }, bodyFaultAt: share },
      {
        ...whole,
        async *message() {
          yield* whole.message();
          await new Promise(() => undefined);
        },
      },
    );
    expect(wordsFor(result)).toBe('deferred, failure');
    expect(phaseOf(result.verdicts[0])).toBe('body');
    expect(server.messages).toEqual([]);
  });

  it('a relay that stops reading is given up, and the dot never leaves', async () => {
    const result = await play('none', { script: { body: { kind: 'hang' } } }, { message: endless });
    expect(wordsFor(result)).toBe('deferred, failure');
    expect(phaseOf(result.verdicts[0])).toBe('body');
  });
});
