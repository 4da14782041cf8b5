import { describe, expect, it } from 'vitest';
import { turnsOf } from '../../src/clerk/turns.ts';
import { House } from '../support/house.ts';
import { forAll, hangs, isDown, scriptedRelay, takes } from '../support/scripted-relay.ts';

const MINUTE_MS = 60_000;

describe('turns', () => {
  it('the first open relay takes what is bound to none, and open ones stand in for closed ones', () => {
    const standing = (name: string, isOpen: boolean) => ({ name, isOpen });
    expect(turnsOf([standing('a', false), standing('b', true), standing('c', true)])).toEqual([
      { relay: 'b', unbound: true, insteadOf: ['a'] },
      { relay: 'c', unbound: false, insteadOf: ['a'] },
    ]);
    expect(turnsOf([standing('a', false)])).toEqual([]);
  });
});

describe('relays do not hold each other up', () => {
  it("one hanging relay does not delay another's mail", async () => {
    const first = scriptedRelay({ name: 'first', script: isDown });
    const second = scriptedRelay({ name: 'second', script: hangs, connections: 2 });
    const house = new House({ relays: [first, second] });
    const stuck = Array.from({ length: 6 }, () => house.accept());
    await house.until(() => second.submitted.length === 2);
    first.script = takes;
    // The failures closed the first relay's circuit; a probe opens it again. The second still hangs.
    await house.clock.advance(MINUTE_MS);
    const fresh = house.accept();
    await house.until(() => house.states(fresh)[0] === 'sent');
    expect(second.submitted).toHaveLength(2);
    expect(stuck.filter((id) => house.states(id)[0] === 'claimed')).toHaveLength(2);
  });

  it('no more messages are under way to a relay than it has connections', async () => {
    const house = new House({ relays: [scriptedRelay({ name: 'main', script: hangs, connections: 3 })] });
    for (let n = 0; n < 10; n++) house.accept();
    await house.clock.advance(5_000);
    expect(house.relay.submitted).toHaveLength(3);
  });

  it('but to one that has just answered, three for each: at the dot, behind it, and ready', async () => {
    const relay = scriptedRelay({ name: 'main', connections: 2 });
    const house = new House({ relays: [relay] });
    const first = house.accept();
    await house.until(() => house.states(first)[0] === 'sent');
    relay.script = hangs;
    for (let n = 0; n < 20; n++) house.accept();
    await house.clock.advance(500);
    expect(relay.submitted).toHaveLength(1 + 3 * 2);
  });

  it('accounts take turns: a long queue of one does not keep out another', async () => {
    const order: string[] = [];
    const relay = scriptedRelay({ name: 'main', connections: 1 });
    relay.script = async (submission, nth) => {
      order.push(submission.envelope.sender);
      return takes(submission, nth);
    };
    const house = new House({ relays: [relay], accounts: ['big', 'small'] });
    for (let n = 0; n < 20; n++) house.accept({ sender: 'big@example.com' }, 'big');
    const small = house.accept({ sender: 'small@example.com' }, 'small');
    await house.until(() => house.states(small, 'small')[0] === 'sent');
    expect(order.indexOf('small@example.com')).toBeLessThan(3);
  });

  it('a rate is kept: after a queue has built up, no second takes more than the rate and its burst', async () => {
    const relay = scriptedRelay({ name: 'main', rate: 10, connections: 50 });
    const house = new House({ relays: [relay] });
    const seconds: number[] = [];
    const moments = new Set<number>();
    relay.script = async (submission, nth) => {
      moments.add(house.clock.now());
      seconds.push(Math.floor((house.clock.now() - start) / 1000));
      return takes(submission, nth);
    };
    const start = house.clock.now();
    for (let n = 0; n < 45; n++) house.accept();
    await house.clock.advance(10_000);
    expect(seconds).toHaveLength(45);
    for (let second = 1; second < 4; second++) {
      expect(seconds.filter((one) => one === second).length).toBeLessThanOrEqual(11);
    }
    expect(seconds.filter((one) => one < 3).length).toBeLessThanOrEqual(41);
    // One at a time, as the rate allows, and not ten at once each second.
    expect(moments.size).toBeGreaterThan(30);
  });
});

describe('a relay that fails', () => {
  it('after five failures in a row nothing is claimed until a probe comes through', async () => {
    const house = new House({ relays: [scriptedRelay({ name: 'main', script: isDown, connections: 1 })] });
    house.relay.onProbe = async () => ({ kind: 'failure', cause: 'refused' });
    const ids = Array.from({ length: 8 }, () => house.accept());
    await house.until(() => house.clerk.standings()[0]?.state === 'broken');
    expect(house.relay.submitted).toHaveLength(5);
    expect(house.log).toContainEqual(expect.objectContaining({ event: 'relay_state', state: 'broken' }));
    await house.clock.advance(29_000);
    expect(house.relay.probes).toHaveLength(0);
    await house.clock.advance(3 * MINUTE_MS);
    expect(house.relay.submitted).toHaveLength(5);
    expect(house.relay.probes.length).toBeGreaterThanOrEqual(2);
    house.relay.onProbe = async () => ({ kind: 'well' });
    house.relay.script = takes;
    await house.clock.advance(15 * MINUTE_MS);
    await house.until(() => ids.every((id) => house.states(id)[0] === 'sent'));
    expect(house.clerk.standings()[0]?.state).toBe('open');
  });

  it('a held relay uses up no attempts and is probed every ten minutes', async () => {
    const house = new House();
    house.relay.script = async (submission) =>
      forAll(
        submission,
        { kind: 'back', phase: 'auth', cause: '535', retryInMs: 600_000, elsewhere: true },
        { kind: 'hold', cause: '535 authentication failed' },
      );
    house.relay.onProbe = async () => ({ kind: 'hold', cause: '535 authentication failed' });
    const id = house.accept();
    await house.until(() => house.clerk.standings()[0]?.state === 'held');
    await house.clock.advance(60 * MINUTE_MS);
    expect(house.relay.submitted).toHaveLength(1);
    expect(house.relay.probes).toHaveLength(6);
    expect(house.email(id).recipients[0]?.attempts).toBe(0);
    expect(house.clerk.standings()[0]).toMatchObject({
      cause: '535 authentication failed',
      since: expect.any(Number),
    });
  });

  it('resume probes a held relay at once', async () => {
    const house = new House();
    house.relay.script = async (submission) =>
      forAll(
        submission,
        { kind: 'back', phase: 'auth', cause: '535', retryInMs: 600_000, elsewhere: false },
        { kind: 'hold', cause: '535' },
      );
    house.relay.onProbe = async () => ({ kind: 'hold', cause: '535' });
    const id = house.accept();
    await house.until(() => house.clerk.standings()[0]?.state === 'held');
    expect((await house.clerk.resume('main'))?.state).toBe('held');
    house.relay.onProbe = async () => ({ kind: 'well' });
    house.relay.script = takes;
    expect((await house.clerk.resume('main'))?.state).toBe('open');
    expect(await house.clerk.resume('other')).toBeNull();
    await house.clock.advance(11 * MINUTE_MS);
    await house.until(() => house.states(id)[0] === 'sent');
  });

  it("a closed relay's waiting mail goes to the next one", async () => {
    const first = scriptedRelay({ name: 'first' });
    const second = scriptedRelay({ name: 'second' });
    first.script = async (submission) =>
      forAll(
        submission,
        { kind: 'back', phase: 'auth', cause: '535', retryInMs: 600_000, elsewhere: true },
        { kind: 'hold', cause: '535' },
      );
    const house = new House({ relays: [first, second] });
    const ids = Array.from({ length: 12 }, () => house.accept());
    await house.until(() => ids.every((id) => house.states(id)[0] === 'sent'));
    expect(second.carried).toHaveLength(12);
    expect(first.submitted.length).toBeLessThanOrEqual(4);
  });

  it("when a relay closes, other accounts' mail goes to the next one at once", async () => {
    const first = scriptedRelay({ name: 'first', connections: 1 });
    const second = scriptedRelay({ name: 'second' });
    const house = new House({ relays: [first, second], accounts: ['one', 'two'] });
    const hold = Promise.withResolvers<void>();
    first.script = async (submission) => {
      await hold.promise;
      return forAll(
        submission,
        { kind: 'back', phase: 'auth', cause: '535', retryInMs: 600_000, elsewhere: false },
        { kind: 'hold', cause: '535' },
      );
    };
    house.accept({}, 'one');
    const waiting = house.accept({}, 'two');
    await house.until(() => first.submitted.length === 1);
    await house.clock.quiet();
    hold.resolve();
    await house.clock.quiet();
    await house.clock.quiet();
    expect(house.states(waiting, 'two')).toEqual(['sent']);
    expect(second.carried).toHaveLength(1);
  });
});
