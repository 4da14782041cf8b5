import { describe, expect, it } from 'vitest';
import { House } from '../support/house.ts';
import { hangs, hangsAfterDot, takes } from '../support/scripted-relay.ts';

const MINUTE_MS = 60_000;

describe('after a crash', () => {
  it('what was accepted and never claimed is found at the start', async () => {
    const house = new House();
    await house.clerk.stop(0);
    const id = house.accept();
    await house.restart();
    await house.until(() => house.states(id)[0] === 'sent');
  });

  it('what was claimed and had not reached the dot is due again at once, and the late attempt can do no harm', async () => {
    const house = new House();
    house.relay.script = hangs;
    const id = house.accept();
    await house.until(() => house.relay.submitted.length === 1);
    house.relay.script = takes;
    await house.restart();
    await house.until(() => house.states(id)[0] === 'sent');
    // The first attempt belongs to nobody any more: its dot may not leave.
    expect(await house.relay.submitted[0]?.beforeDot(['ann@example.org'])).toBe(false);
    expect(house.relay.carried).toHaveLength(1);
  });

  it('what had stored phase `dot` is unknown, and is sent once more after 15 minutes with identical bytes', async () => {
    const house = new House();
    house.relay.script = hangsAfterDot;
    const id = house.accept();
    await house.until(() => house.relay.carried.length === 1);
    house.relay.script = takes;
    await house.restart();
    await house.until(() => house.states(id)[0] === 'unknown');
    await house.clock.advance(14 * MINUTE_MS);
    expect(house.relay.carried).toHaveLength(1);
    await house.clock.advance(30 * MINUTE_MS);
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.relay.carried).toHaveLength(2);
    expect(house.relay.carried[0]?.bytes).toBe(house.relay.carried[1]?.bytes);
    expect(house.email(id).recipients[0]?.maybeDuplicate).toBe(true);
  });

  it('under `never` an unknown recipient is not sent again', async () => {
    const house = new House({ config: { unknownPolicy: 'never' } });
    house.relay.script = hangsAfterDot;
    const id = house.accept();
    await house.until(() => house.relay.carried.length === 1);
    house.relay.script = takes;
    await house.restart();
    await house.clock.advance(120 * MINUTE_MS);
    expect(house.states(id)).toEqual(['unknown']);
    expect(house.relay.carried).toHaveLength(1);
  });
});

describe('phase `dot`', () => {
  it('is stored for the recipients that the relay accepted, and for no others', async () => {
    const house = new House();
    house.relay.script = async (submission, nth) =>
      hangsAfterDot({ ...submission, beforeDot: () => submission.beforeDot(['ann@example.org']) }, nth);
    const id = house.accept({ recipients: ['ann@example.org', 'bob@example.org'] });
    await house.until(() => house.relay.carried.length === 1);
    house.relay.script = takes;
    await house.restart();
    await house.until(() => house.states(id)[1] === 'sent');
    expect(house.states(id)).toEqual(['unknown', 'sent']);
    expect(house.relay.carried[1]?.recipients).toEqual(['bob@example.org']);
  });
});

describe('when an outcome cannot be written', () => {
  it('it is written again and again, nothing is sent a second time, and nothing new is claimed meanwhile', async () => {
    const house = new House();
    let failures = 0;
    house.overrides.settle = async (call) => {
      failures += 1;
      if (failures < 6) throw new Error('disk full');
      return house.mailroom().settle(call);
    };
    const id = house.accept();
    await house.until(() => failures === 1);
    const second = house.accept();
    await house.clock.advance(1_000);
    expect(house.states(id)).not.toEqual(['sent']);
    expect(house.relay.submitted).toHaveLength(1);
    await house.clock.advance(30_000);
    await house.until(() => house.states(id)[0] === 'sent' && house.states(second)[0] === 'sent');
    expect(house.relay.submitted).toHaveLength(2);
  });

  it('until the lease ends: then recovery says `unknown`', async () => {
    const house = new House();
    house.overrides.settle = async () => {
      throw new Error('disk full');
    };
    const id = house.accept();
    await house.until(() => house.relay.carried.length === 1);
    await house.clock.advance(23 * MINUTE_MS);
    expect(house.states(id)).toEqual(['unknown']);
    expect(house.relay.submitted).toHaveLength(1);
  });

  it('a claim that fails is tried again', async () => {
    const house = new House();
    let failures = 0;
    house.overrides.claim = async (call) => {
      failures += 1;
      if (failures < 4) throw new Error('busy');
      return house.mailroom().claim(call);
    };
    const id = house.accept();
    await house.clock.advance(60_000);
    await house.until(() => house.states(id)[0] === 'sent');
  });
});

describe('when the clock jumps', () => {
  it('forward past the lease, a live attempt keeps its row', async () => {
    const house = new House();
    house.relay.script = hangs;
    const id = house.accept();
    await house.until(() => house.relay.submitted.length === 1);
    house.clock.jump(60 * MINUTE_MS);
    await house.clock.advance(2 * MINUTE_MS);
    expect(house.relay.submitted).toHaveLength(1);
    expect(house.states(id)).toEqual(['claimed']);
  });

  it('backward, nothing is sent twice and what is accepted then still goes out', async () => {
    const house = new House();
    const before = house.accept();
    await house.until(() => house.states(before)[0] === 'sent');
    house.clock.jump(-60 * MINUTE_MS);
    const after = house.accept();
    await house.until(() => house.states(after)[0] === 'sent');
    await house.clock.advance(2 * 60 * MINUTE_MS);
    expect(house.relay.submitted).toHaveLength(2);
  });
});
