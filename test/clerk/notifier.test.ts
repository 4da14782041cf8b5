import { describe, expect, it } from 'vitest';
import type { DeliveryStatus, WebhookRecord } from '../../src/mailroom/webhook-records.ts';
import { House } from '../support/house.ts';
import { hangs } from '../support/scripted-relay.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const PAGE = { limit: 100, after: null, before: null };

function statuses(house: House, webhookId: string): readonly DeliveryStatus[] {
  const read = house.mailroom().webhookEvents({ webhookId, page: PAGE });
  return read.ok ? read.value.items.map(({ status }) => status) : [];
}

function webhook(house: House, id: string): WebhookRecord | null {
  return house.mailroom().webhook({ id });
}

describe('the clerk calls webhooks', () => {
  it('as soon as something has happened, with its id, signed', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.accept();
    await house.until(() => statuses(house, id)[0] === 'success');
    expect(house.receivers.calls).toMatchObject([
      {
        method: 'POST',
        url: 'https://hooks.example.com/in',
        purpose: 'webhook',
        withinMs: 15_000,
        maxBytes: 65_536,
      },
    ]);
    expect(house.receivers.calls[0]?.headers).toMatchObject({
      'webhook-id': expect.stringMatching(/^msg_/),
      'svix-signature': expect.stringMatching(/^v1,/),
    });
  });

  it('again after a failure, at its time, with the same id and bytes and a new timestamp', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.receivers.script = () => 500;
    house.accept();
    await house.clock.advance(5 * SECOND_MS);
    expect(house.receivers.calls).toHaveLength(1);
    await house.clock.advance(SECOND_MS);
    expect(house.receivers.calls).toHaveLength(2);
    house.receivers.script = () => 200;
    await house.clock.advance(6 * MINUTE_MS);
    expect(statuses(house, id)).toEqual(['success']);
    const { calls } = house.receivers;
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(calls.map(({ body }) => String(body))).size).toBe(1);
    expect(new Set(calls.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
  });

  it('not before a receiver that is overloaded has said it may', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.receivers.script = () => ({ status: 503, headers: { 'retry-after': '3600' } });
    house.accept();
    await house.clock.advance(50 * MINUTE_MS);
    expect(house.receivers.calls).toHaveLength(1);
    house.receivers.script = () => 200;
    await house.clock.advance(11 * MINUTE_MS);
    expect(statuses(house, id)).toEqual(['success']);
  });

  it('and stops at 410, which is seen on the webhook and in the log', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.receivers.script = () => 410;
    house.accept();
    await house.until(() => webhook(house, id)?.status === 'disabled');
    house.accept();
    await house.clock.advance(48 * HOUR_MS);
    expect(house.receivers.calls).toHaveLength(1);
    expect(house.log).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'webhook_disabled', webhook: id, reason: 'gone' }),
    );
  });

  it('also about what time alone brings: a suppression that ends', async () => {
    const house = new House();
    house.webhook('hooks.example.com');
    const entry = { id: '0190b9a0-0000-7000-8000-000000000001', address: 'a@example.org', note: null };
    house.mailroom().suppress({
      entries: [{ ...entry, expiresAt: house.clock.now() + 10 * SECOND_MS }],
      now: house.clock.now(),
    });
    house.clerk.wake('default');
    await house.clock.advance(9 * SECOND_MS);
    expect(house.receivers.calls).toHaveLength(0);
    await house.clock.advance(SECOND_MS);
    expect(house.receivers.calls).toHaveLength(1);
  });
});

describe('fairness', () => {
  it('webhooks that hang delay no other: ten hang, and the one that is well has everything at once', async () => {
    const house = new House();
    const hanging = Array.from({ length: 10 }, (_, n) => house.webhook(`hang${n}.example.com`));
    house.webhook('well.example.com');
    house.receivers.script = ({ url }) => (url.includes('hang') ? 'hang' : 200);
    for (let n = 0; n < 40; n++) house.accept({ recipients: [`r${n}@example.org`] });
    const since = house.clock.now();
    await house.clock.quiet();
    await house.until(() => house.receivers.idsAt('well.example.com').length === 40);
    expect(house.clock.now()).toBe(since);
    expect(house.receivers.open).toBe(hanging.length * 2);
  });

  it('of one that hangs two calls are under way, and after the first failure one', async () => {
    const house = new House();
    house.webhook('hang.example.com');
    house.receivers.script = () => 'hang';
    for (let n = 0; n < 10; n++) house.accept({ recipients: [`r${n}@example.org`] });
    await house.until(() => house.receivers.open === 2);
    await house.clock.advance(14 * SECOND_MS);
    expect(house.receivers.open).toBe(2);
    await house.clock.advance(2 * SECOND_MS);
    expect(house.receivers.open).toBe(1);
  });

  it('an account full of hanging webhooks takes nothing from another account', async () => {
    const house = new House({ accounts: ['default', 'other'] });
    for (let n = 0; n < 50; n++) house.webhook(`hang${n}.example.com`);
    house.webhook('well.example.com', 'other');
    house.receivers.script = ({ url }) => (url.includes('hang') ? 'hang' : 200);
    for (let n = 0; n < 5; n++) house.accept({ recipients: [`r${n}@example.org`] });
    for (let n = 0; n < 5; n++) house.accept({ recipients: [`r${n}@example.org`] }, 'other');
    await house.until(() => house.receivers.idsAt('well.example.com').length === 5);
    expect(house.receivers.open).toBe(100);
  });

  it('mail does not wait for webhooks, nor webhooks for a relay that hangs', async () => {
    const house = new House();
    house.webhook('hooks.example.com');
    house.receivers.script = () => 'hang';
    for (let n = 0; n < 20; n++) house.accept({ recipients: [`r${n}@example.org`] });
    await house.until(() => house.relay.carried.length === 20);
    house.receivers.script = () => 200;
    house.relay.script = hangs;
    house.accept();
    await house.clock.advance(5 * MINUTE_MS);
    expect(new Set(house.receivers.idsAt('hooks.example.com')).size).toBe(20);
  });
});

describe('when things break', () => {
  it('after a crash what was under way is called again at once, with the same id', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.receivers.script = () => 'hang';
    house.accept();
    await house.until(() => house.receivers.calls.length === 1);
    house.receivers.script = () => 200;
    await house.restart();
    await house.until(() => statuses(house, id)[0] === 'success');
    expect(new Set(house.receivers.idsAt('hooks.example.com')).size).toBe(1);
  });

  it('what came of a call is written again and again; it is not called a second time meanwhile', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    let failures = 0;
    house.overrides.settleDelivery = async (call) => {
      failures += 1;
      if (failures < 6) throw new Error('disk full');
      return house.mailroom().settleDelivery(call);
    };
    house.accept();
    await house.until(() => failures === 1);
    await house.clock.advance(30 * SECOND_MS);
    expect(statuses(house, id)).toEqual(['success']);
    expect(house.receivers.calls).toHaveLength(1);
  });

  it('what cannot be written at all is called again when its lease is over', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.overrides.settleDelivery = async () => {
      throw new Error('disk full');
    };
    house.accept();
    await house.clock.advance(59 * SECOND_MS);
    expect(house.receivers.calls).toHaveLength(1);
    delete house.overrides.settleDelivery;
    await house.clock.advance(10 * SECOND_MS);
    expect(house.receivers.calls).toHaveLength(2);
    expect(statuses(house, id)).toEqual(['success']);
  });

  it('a room that cannot be asked is asked again', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    let failures = 0;
    house.overrides.claimDeliveries = async (call) => {
      failures += 1;
      if (failures < 4) throw new Error('busy');
      return house.mailroom().claimDeliveries(call);
    };
    house.accept();
    await house.clock.advance(2 * MINUTE_MS);
    expect(statuses(house, id)).toEqual(['success']);
  });
});

describe('at a stop', () => {
  it('a call under way gets five seconds; one that ends in time is written', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    let answer: () => void = () => undefined;
    const { fetch } = house.receivers.egress;
    house.receivers.egress.fetch = async (request) => {
      const result = await fetch(request);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return result;
    };
    house.accept();
    await house.until(() => house.receivers.calls.length === 1);
    const stopped = house.clerk.stop(10_000);
    await house.clock.advance(4 * SECOND_MS);
    answer();
    await house.clock.quiet();
    await stopped;
    expect(statuses(house, id)).toEqual(['success']);
  });

  it('one that does not is broken off, due at once and uncounted, and nothing new is begun', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.receivers.script = () => 'hang';
    for (let n = 0; n < 5; n++) house.accept({ recipients: [`r${n}@example.org`] });
    await house.until(() => house.receivers.open === 2);
    let isOver = false;
    const stopped = house.clerk.stop(10_000).then(() => {
      isOver = true;
    });
    await house.clock.advance(5 * SECOND_MS - 1);
    expect(isOver).toBe(false);
    await house.clock.advance(1);
    await stopped;
    expect(house.receivers.open).toBe(0);
    expect(house.receivers.calls).toHaveLength(2);
    expect(statuses(house, id)).toEqual(Array(5).fill('pending'));
    expect(house.mailroom().nextDeliveryDue({ now: house.clock.now() })).toBeLessThanOrEqual(
      house.clock.now(),
    );
    house.receivers.script = () => 200;
    await house.restart();
    await house.until(() => statuses(house, id).every((status) => status === 'success'));
  });

  it('what is woken in the moment of the stop is left for the next start', async () => {
    const house = new House();
    const id = house.webhook('hooks.example.com');
    house.mailroom().testWebhook({ id, type: null, now: house.clock.now() });
    house.clerk.wake('default');
    await house.clerk.stop(10_000);
    await house.clock.advance(MINUTE_MS);
    expect(house.receivers.calls).toHaveLength(0);
    expect(statuses(house, id)).toEqual(['pending']);
  });

  it('without calls under way nothing is waited for', async () => {
    const house = new House();
    house.webhook('hooks.example.com');
    const before = house.clock.now();
    await house.clerk.stop(10_000);
    expect(house.clock.now()).toBe(before);
  });
});
