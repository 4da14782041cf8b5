import { describe, expect, it } from 'vitest';
import { House } from '../support/house.ts';
import { hangs, hangsAfterDot, reply, takes } from '../support/scripted-relay.ts';

describe('the clerk stops', () => {
  it('with nothing under way it stops at once, and claims nothing any more', async () => {
    const house = new House();
    await house.clerk.stop(10_000);
    const id = house.accept();
    await house.clock.advance(120_000);
    expect(house.relay.submitted).toHaveLength(0);
    expect(house.states(id)).toEqual(['queued']);
  });

  it('what has not reached its dot is put back: due now, uncounted, and its dot can no longer leave', async () => {
    const house = new House();
    house.relay.script = hangs;
    const id = house.accept();
    await house.until(() => house.relay.submitted.length === 1);
    await house.clerk.stop(10_000);
    expect(house.states(id)).toEqual(['queued']);
    expect(house.email(id).recipients[0]).toMatchObject({ attempts: 0, dueAt: house.clock.now() });
    expect(await house.relay.submitted[0]?.beforeDot(['ann@example.org'])).toBe(false);
    house.relay.script = takes;
    await house.restart();
    await house.until(() => house.states(id)[0] === 'sent');
  });

  it('what has reached its dot is waited for', async () => {
    const house = new House();
    let answer: () => void = () => {};
    house.relay.script = async (submission) => {
      for await (const _ of submission.message());
      await submission.beforeDot(submission.envelope.recipients);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return { verdicts: [{ kind: 'sent', smtp: reply(250) }], condition: { kind: 'well' } };
    };
    const id = house.accept();
    await house.until(() => house.relay.carried.length === 1);
    const stopped = house.clerk.stop(10_000);
    await house.clock.advance(5_000);
    answer();
    await stopped;
    expect(house.states(id)).toEqual(['sent']);
  });

  it('what has no reply to its dot by the end of the time is unknown', async () => {
    const house = new House();
    house.relay.script = hangsAfterDot;
    const id = house.accept();
    await house.until(() => house.relay.carried.length === 1);
    let isOver = false;
    const stopped = house.clerk.stop(10_000).then(() => {
      isOver = true;
    });
    await house.clock.advance(8_500);
    expect(isOver).toBe(false);
    await house.clock.advance(1_500);
    await stopped;
    expect(house.states(id)).toEqual(['unknown']);
  });

  it('what was answered for some recipients before the stop stays as it was answered', async () => {
    const house = new House();
    house.relay.script = (submission) =>
      new Promise((resolve) => {
        submission.signal.addEventListener('abort', () =>
          resolve({
            verdicts: [
              {
                kind: 'failed',
                phase: 'rcpt',
                reason: 'user_unknown',
                smtp: reply(550),
                bounce: null,
                suppress: false,
              },
              {
                kind: 'deferred',
                phase: 'data',
                cause: 'aborted',
                smtp: null,
                greylisted: false,
                elsewhere: false,
              },
            ],
            condition: { kind: 'failure', cause: 'aborted' },
          }),
        );
      });
    const id = house.accept({ recipients: ['bad@example.org', 'good@example.org'] });
    await house.until(() => house.relay.submitted.length === 1);
    await house.clerk.stop(10_000);
    expect(house.states(id)).toEqual(['failed', 'queued']);
    expect(house.clerk.standings()[0]?.state).toBe('open');
  });

  it('a claim that was on its way when the stop came is put back too', async () => {
    const house = new House();
    let release: () => void = () => {};
    house.overrides.claim = async (call) => {
      if (call.relay === 'main')
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      return house.mailroom().claim(call);
    };
    const id = house.accept();
    await house.clock.advance(100);
    const stopped = house.clerk.stop(10_000);
    release();
    await house.clock.advance(100);
    await stopped;
    expect(house.states(id)).toEqual(['queued']);
    expect(house.relay.carried).toHaveLength(0);
  });
});
