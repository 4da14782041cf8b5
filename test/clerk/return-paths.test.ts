import { describe, expect, it } from 'vitest';
import type { NewEmail } from '../../src/mailroom/records.ts';
import { uuidV7 } from '../../src/mailroom/uuid.ts';
import { createReturnPaths } from '../../src/mime/return-path.ts';
import { House, NOON } from '../support/house.ts';
import { deferred, isDown, reply, scriptedRelay, takes } from '../support/scripted-relay.ts';

const paths = createReturnPaths({ key: new Uint8Array(32).fill(1), domain: 'bounces.example.com' });
const withPaths = (options: ConstructorParameters<typeof House>[0] = {}) =>
  new House({ returnPaths: paths, ...options });

let random = 0;
function mail(over: Partial<NewEmail> & { readonly recipients?: readonly string[] } = {}) {
  random += 1;
  return { id: uuidV7({ now: NOON, random: new Uint8Array(10).fill(random) }), ...over };
}

const readOf = async (sender: string | undefined) => {
  const read = await paths.read(sender ?? '');
  return read === null ? null : [read.account, read.ordinal];
};

describe('with a return path domain', () => {
  it('each recipient goes in a transaction of its own, from an address that says which one it is', async () => {
    const house = withPaths();
    const id = house.accept(mail({ recipients: ['ann@example.org', 'bob@example.org'] }));
    await house.until(() => house.email(id).lastEvent === 'sent');
    const envelopes = house.relay.submitted.map(({ envelope }) => envelope);
    expect(envelopes.map(({ recipients }) => recipients)).toEqual([['ann@example.org'], ['bob@example.org']]);
    expect(await Promise.all(envelopes.map(({ sender }) => readOf(sender)))).toEqual([
      ['default', 0],
      ['default', 1],
    ]);
    expect(envelopes.map(({ reportsAs }) => reportsAs)).toEqual([id, id]);
    const [first, second] = house.relay.carried;
    expect(first?.bytes).toBe(second?.bytes);
  });

  it('the account is part of the address', async () => {
    const house = withPaths({ accounts: ['default', 'shop'] });
    const id = house.accept(mail(), 'shop');
    await house.until(() => house.states(id, 'shop').includes('sent'));
    expect(await readOf(house.relay.carried[0]?.sender)).toEqual(['shop', 0]);
  });

  it('a retry has the same address, over another relay too', async () => {
    const first = scriptedRelay({ name: 'first', script: isDown });
    const second = scriptedRelay({ name: 'second' });
    second.script = async (submission, nth) => {
      if (nth > 1) return takes(submission, nth);
      for await (const _ of submission.message());
      await submission.beforeDot(submission.envelope.recipients);
      const verdicts = [deferred('temporary', { phase: 'dot', smtp: reply(451) })];
      return { verdicts, condition: { kind: 'well' } };
    };
    const house = withPaths({ relays: [first, second] });
    const id = house.accept(mail());
    await house.until(() => house.states(id).includes('deferred'));
    await house.clock.advance(3_600_000);
    await house.until(() => house.states(id).includes('sent'));
    const senders = [...first.submitted, ...second.submitted].map(({ envelope }) => envelope.sender);
    expect(senders.length).toBeGreaterThan(2);
    expect(new Set(senders).size).toBe(1);
  });

  it('a null sender stays one: a mail that is passed on reports to nobody', async () => {
    const house = withPaths();
    const id = house.accept(mail({ sender: '' }));
    await house.until(() => house.states(id).includes('sent'));
    const [envelope] = house.relay.submitted.map((submission) => submission.envelope);
    expect(envelope?.sender).toBe('');
    expect(envelope).not.toHaveProperty('reportsAs');
  });

  it('simulated recipients need no relay and no address', async () => {
    const house = withPaths();
    const envelope = ['delivered', 'bounced'].map((simulation) => ({
      address: `${simulation}@simulated.example`,
      simulation: simulation as 'delivered' | 'bounced',
    }));
    const id = house.accept(mail({ recipients: envelope.map(({ address }) => address), envelope }));
    await house.until(() => house.email(id).lastEvent === 'bounced');
    expect(house.relay.submitted).toEqual([]);
  });
});

describe('without one', () => {
  it('recipients go together from the sender, and no report is asked for', async () => {
    const house = new House();
    const id = house.accept(mail({ recipients: ['ann@example.org', 'bob@example.org'] }));
    await house.until(() => house.email(id).lastEvent === 'sent');
    expect(house.relay.submitted.map(({ envelope }) => [envelope.sender, envelope.recipients])).toEqual([
      ['shop@example.com', ['ann@example.org', 'bob@example.org']],
    ]);
    expect(house.relay.submitted[0]?.envelope).not.toHaveProperty('reportsAs');
  });
});
