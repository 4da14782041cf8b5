import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../schemas/delivery.ts';
import { countCases } from '../support/cases.ts';
import { startScriptedServer } from '../support/scripted-smtp-server.ts';
import type { Script } from '../support/smtp-script.ts';
import { relayTo, submissionOf } from './support.ts';

type Kind = Verdict['kind'];

const RUNS = 1000;

/** What a server says at one place, and what that alone means for a recipient. */
interface Saying {
  readonly line: string;
  readonly means: Kind | 'taken' | 'split' | 'over';
}

const TO_RCPT: readonly Saying[] = [
  { line: '250 2.1.5 ok', means: 'taken' },
  { line: '251 will forward', means: 'taken' },
  { line: '450 4.2.1 busy', means: 'deferred' },
  { line: '451 4.7.1 greylisted', means: 'deferred' },
  { line: '552 5.2.2 full', means: 'deferred' },
  { line: '550 5.1.1 unknown', means: 'failed' },
  { line: '550 5.7.1 policy', means: 'failed' },
  { line: '554 no', means: 'failed' },
  { line: '530 5.7.0 log in', means: 'back' },
  { line: '452 4.5.3 too many', means: 'split' },
  { line: '421 4.3.2 closing', means: 'over' },
];
const TO_DATA: readonly Saying[] = [
  { line: '354 go on', means: 'taken' },
  { line: '451 4.3.0 not now', means: 'deferred' },
  { line: '554 5.7.1 no', means: 'failed' },
  { line: '421 closing', means: 'deferred' },
];
const TO_DOT: readonly Saying[] = [
  { line: '250 2.0.0 queued', means: 'sent' },
  { line: '451 4.3.0 not now', means: 'deferred' },
  { line: '554 5.6.0 no', means: 'failed' },
  { line: '421 closing', means: 'deferred' },
  { line: '', means: 'unknown' },
];

interface Case {
  readonly recipients: readonly Saying[];
  readonly data: Saying;
  readonly dot: Saying;
}

/** The same rules once more, written from the page and not from the code. */
function model({ recipients, data, dot }: Case): readonly Kind[] {
  const end = recipients.findIndex(({ means }) => means === 'over');
  const answered = end === -1 ? recipients : recipients.slice(0, end);
  const hasTaken = answered.some(({ means }) => means === 'taken');
  const common = data.means === 'taken' ? dot.means : data.means;
  return recipients.map((saying, place): Kind => {
    if (end !== -1 && place >= end) return 'deferred';
    switch (saying.means) {
      case 'taken':
        return end === -1 ? (common as Kind) : 'deferred';
      case 'split':
        return hasTaken ? 'back' : 'deferred';
      default:
        return saying.means as Kind;
    }
  });
}

// Every address is refused or taken by itself; the weights make both happy and desperate cases common.
const anyCase: fc.Arbitrary<Case> = fc.record({
  recipients: fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...TO_RCPT) },
      { weight: 1, arbitrary: fc.constant(TO_RCPT[0]) },
    ),
    { minLength: 1, maxLength: 6 },
  ) as fc.Arbitrary<readonly Saying[]>,
  data: fc.oneof(
    { weight: 3, arbitrary: fc.constant(TO_DATA[0]) },
    fc.constantFrom(...TO_DATA),
  ) as fc.Arbitrary<Saying>,
  dot: fc.oneof(
    { weight: 2, arbitrary: fc.constant(TO_DOT[0]) },
    fc.constantFrom(...TO_DOT),
  ) as fc.Arbitrary<Saying>,
});

describe('Each recipient is settled from its own reply', () => {
  for (const [name, announces] of [
    ['with pipelining', ['PIPELINING']],
    ['one command at a time', []],
  ] as const) {
    it(`${name}, against a model`, async (context) => {
      countCases(context, RUNS);
      let playing: Case = { recipients: [], data: TO_DATA[0] as Saying, dot: TO_DOT[0] as Saying };
      const say = ({ line }: Saying) =>
        line === ''
          ? ({ kind: 'close' } as const)
          : ({ kind: 'reply', lines: [line], thenClose: line.startsWith('421') } as const);
      const placeOf = (line: string): number => Number(/<r(\d+)@/.exec(line)?.[1]);
      let hasTaken = false;
      const script: Script = {
        mail() {
          hasTaken = false;
          return null;
        },
        rcpt({ line }) {
          const saying = playing.recipients[placeOf(line)] ?? (TO_RCPT[0] as Saying);
          hasTaken ||= saying.means === 'taken';
          return say(saying);
        },
        data: () =>
          hasTaken ? say(playing.data) : { kind: 'reply', lines: ['503 5.5.1 no valid recipients'] },
        dot: () => say(playing.dot),
      };
      const server = await startScriptedServer({ announces, script });
      const relay = await relayTo({ port: server.port, config: { connections: 1 } });
      await fc.assert(
        fc.asyncProperty(anyCase, async (given) => {
          playing = given;
          const before = server.messages.length;
          const recipients = given.recipients.map((_, place) => `r${place}@rcpt.example`);
          const { verdicts } = await relay.submit(submissionOf({ recipients }));
          const kinds = verdicts.map(({ kind }) => kind);
          expect(kinds).toEqual(model(given));
          // The ledger of the other side agrees: what it took is `sent`, and nothing else is.
          const took = server.messages.slice(before).flatMap((message) => message.recipients);
          expect(took).toEqual(recipients.filter((_, place) => kinds[place] === 'sent'));
        }),
        { numRuns: RUNS },
      );
      await relay.close();
      await server.close();
    });
  }

  it('a 421 in the middle is read by all who were not refused before it, and the next relay may be tried', async () => {
    const script: Script = {
      rcpt: ({ count }) =>
        [
          null,
          { kind: 'reply', lines: ['550 5.1.1 unknown'] } as const,
          { kind: 'reply', lines: ['421 4.3.2 closing'], thenClose: true } as const,
        ][count] ?? null,
    };
    const server = await startScriptedServer({ script });
    const relay = await relayTo({ port: server.port });
    const recipients = ['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example'];
    const { verdicts, condition } = await relay.submit(submissionOf({ recipients }));
    expect(verdicts[1]).toMatchObject({ kind: 'failed', suppress: true });
    for (const place of [0, 2, 3]) {
      expect(verdicts[place]).toMatchObject({ kind: 'deferred', elsewhere: true, smtp: { code: 421 } });
    }
    expect(condition?.kind).toBe('pause');
    await relay.close();
    await server.close();
  });

  it('a refusal of the whole message says of no recipient that it does not exist, unless there is but one', async () => {
    const server = await startScriptedServer({
      script: { dot: { kind: 'reply', lines: ['550 5.1.1 unknown'] } },
    });
    const relay = await relayTo({ port: server.port });
    const both = await relay.submit(submissionOf({ recipients: ['a@x.example', 'b@x.example'] }));
    for (const verdict of both.verdicts) expect(verdict).toMatchObject({ kind: 'failed', suppress: false });
    const one = await relay.submit(submissionOf());
    expect(one.verdicts[0]).toMatchObject({ kind: 'failed', suppress: true });
    await relay.close();
    await server.close();
  });

  it('a refused sender is the verdict of all, whatever RCPT then echoes', async () => {
    const script: Script = {
      mail: { kind: 'reply', lines: ['553 5.1.8 no'] },
      rcpt: { kind: 'reply', lines: ['503 5.5.1 need MAIL'] },
      data: { kind: 'reply', lines: ['503 5.5.1 need MAIL'] },
    };
    const server = await startScriptedServer({ script });
    const relay = await relayTo({ port: server.port });
    const { verdicts } = await relay.submit(submissionOf({ recipients: ['a@x.example', 'b@x.example'] }));
    for (const verdict of verdicts) {
      expect(verdict).toMatchObject({
        kind: 'failed',
        phase: 'mail',
        reason: 'sender_refused',
        suppress: false,
      });
    }
    await relay.close();
    await server.close();
  });

  it('a server that takes DATA though it took nobody gets no message, and nobody is sent', async () => {
    const script: Script = {
      rcpt: { kind: 'reply', lines: ['550 5.1.1 no'] },
      data: { kind: 'reply', lines: ['354 go on'] },
    };
    const server = await startScriptedServer({ script });
    const relay = await relayTo({ port: server.port });
    let asked = 0;
    const beforeDot = () => {
      asked += 1;
      return Promise.resolve(true);
    };
    const { verdicts } = await relay.submit(submissionOf({ beforeDot }));
    expect(verdicts[0]).toMatchObject({ kind: 'failed', reason: 'user_unknown' });
    expect(asked).toBe(0);
    expect(server.clearBytes).not.toContain('A line.');
    await relay.close();
    await server.close();
  });

  it('beforeDot is told exactly the recipients that were taken, in the order of the envelope', async () => {
    const script: Script = {
      rcpt: ({ count }) => (count % 2 === 1 ? { kind: 'reply', lines: ['450 4.2.1 no'] } : null),
    };
    const server = await startScriptedServer({ script });
    const relay = await relayTo({ port: server.port });
    const told: (readonly string[])[] = [];
    const beforeDot = (accepted: readonly string[]) => {
      told.push(accepted);
      return Promise.resolve(true);
    };
    const recipients = ['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example'];
    await relay.submit(submissionOf({ recipients, beforeDot }));
    expect(told).toEqual([['a@x.example', 'c@x.example']]);
    await relay.close();
    await server.close();
  });

  it('"too many recipients" says how many were taken, and the connection is not used again', async () => {
    const script: Script = {
      rcpt: ({ count }) => (count >= 2 ? { kind: 'reply', lines: ['452 4.5.3 enough'] } : null),
    };
    const server = await startScriptedServer({ script });
    const relay = await relayTo({ port: server.port });
    const recipients = ['a@x.example', 'b@x.example', 'c@x.example'];
    const result = await relay.submit(submissionOf({ recipients }));
    expect(result.verdicts.map(({ kind }) => kind)).toEqual(['sent', 'sent', 'back']);
    expect(result.verdicts[2]).toMatchObject({ retryInMs: 0, cause: 'too_many_recipients' });
    expect(result.recipientsTaken).toBe(2);
    await relay.submit(submissionOf({ recipients: ['c@x.example'] }));
    expect(server.log.filter(({ what }) => what === 'connect')).toHaveLength(2);
    await relay.close();
    await server.close();
  });
});
