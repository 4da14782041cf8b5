import { describe, expect, it } from 'vitest';
import { House, NOON } from '../support/house.ts';
import {
  deferred,
  failed,
  forAll,
  isDown,
  reply,
  SENT,
  scriptedRelay,
  takes,
} from '../support/scripted-relay.ts';

describe('the clerk delivers', () => {
  it('an accepted mail is composed, submitted and settled as sent', async () => {
    const house = new House();
    const id = house.accept({ recipients: ['ann@example.org', 'bob@example.org'] });
    await house.until(() => house.email(id).lastEvent === 'sent');
    expect(house.relay.carried).toHaveLength(1);
    expect(house.relay.carried[0]?.recipients).toEqual(['ann@example.org', 'bob@example.org']);
    expect(house.relay.carried[0]?.bytes).toContain('Subject: Hello\r\n');
    expect(house.states(id)).toEqual(['sent', 'sent']);
    expect(house.email(id).composed?.size).toBe(house.relay.carried[0]?.bytes.length);
  });

  it('each recipient is settled from its own verdict', async () => {
    const house = new House();
    house.relay.script = async (submission) => {
      for await (const _ of submission.message());
      await submission.beforeDot(['ann@example.org']);
      return {
        verdicts: [SENT, failed('user_unknown'), deferred('greylisted', { phase: 'rcpt', smtp: reply(451) })],
        condition: { kind: 'well' },
      };
    };
    const id = house.accept({ recipients: ['ann@example.org', 'bob@example.org', 'eve@example.org'] });
    await house.until(() => house.states(id).includes('sent'));
    expect(house.states(id)).toEqual(['sent', 'failed', 'deferred']);
  });

  it('a temporary failure is tried again when it is due, with identical bytes', async () => {
    const house = new House();
    house.relay.script = async (submission, nth) => {
      if (nth > 1) return takes(submission, nth);
      for await (const _ of submission.message());
      await submission.beforeDot(submission.envelope.recipients);
      return forAll(submission, deferred('mailbox_full', { phase: 'dot', smtp: reply(452) }));
    };
    const id = house.accept();
    await house.until(() => house.states(id)[0] === 'deferred');
    await house.clock.advance(29_000);
    expect(house.relay.submitted).toHaveLength(1);
    await house.clock.advance(2_000);
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.relay.carried).toHaveLength(2);
    expect(house.relay.carried[0]?.bytes).toBe(house.relay.carried[1]?.bytes);
  });

  it('a scheduled mail goes out at its moment and not before', async () => {
    const house = new House();
    const id = house.accept({ scheduledAt: house.clock.now() + 3_600_000 });
    await house.clock.advance(3_599_000);
    expect(house.relay.submitted).toHaveLength(0);
    await house.clock.advance(2_000);
    await house.until(() => house.states(id)[0] === 'sent');
  });

  it('the moment itself is kept, between two scans', async () => {
    const house = new House();
    const id = house.accept({ scheduledAt: house.clock.now() + 45_000 });
    await house.clock.advance(45_001);
    await house.until(() => house.states(id)[0] === 'sent');
    expect(house.clock.now() - NOON).toBe(45_001);
  });

  it('a canceled mail is never submitted', async () => {
    const house = new House();
    const id = house.accept({ scheduledAt: house.clock.now() + 60_000 });
    house.mailroom().cancel({ id, now: house.clock.now() });
    await house.clock.advance(120_000);
    expect(house.relay.submitted).toHaveLength(0);
    expect(house.states(id)).toEqual(['canceled']);
  });

  it('mail that insists on TLS never reaches a relay in the clear', async () => {
    const house = new House({
      relays: [scriptedRelay({ name: 'main', clear: true })],
      config: { clearRelays: ['main'] },
    });
    const id = house.accept({ tls: 'enforced' });
    await house.until(() => house.states(id)[0] === 'failed');
    expect(house.email(id).recipients[0]?.reason).toBe('tls_required');
    expect(house.relay.submitted).toHaveLength(0);
  });

  it('threats §10 r9: simulated addresses are settled without a relay', async () => {
    const house = new House();
    const id = house.accept({
      recipients: ['delivered@resend.dev', 'ann@example.org'],
      envelope: [
        { address: 'delivered@resend.dev', simulation: 'delivered' },
        { address: 'ann@example.org', simulation: null },
      ],
    });
    await house.until(() => house.states(id).every((state) => state === 'sent'));
    expect(house.relay.submitted.map(({ envelope }) => envelope.recipients)).toEqual([['ann@example.org']]);
    expect(house.email(id).recipients[0]?.feedback).toBe('delivered');
  });

  it('a submission that throws is a failure of ours: counted, and tried again', async () => {
    const house = new House();
    house.relay.script = async (submission, nth) => {
      if (nth === 1) throw new Error('a mistake of ours');
      return takes(submission, nth);
    };
    const id = house.accept();
    await house.until(() => house.states(id)[0] === 'deferred');
    expect(house.email(id).recipients[0]?.attempts).toBe(1);
    await house.clock.advance(60_000);
    await house.until(() => house.states(id)[0] === 'sent');
  });

  it('a submission that throws after the dot is unknown, and is not sent again at once', async () => {
    const house = new House();
    house.relay.script = async (submission) => {
      for await (const _ of submission.message());
      await submission.beforeDot(submission.envelope.recipients);
      throw new Error('a mistake of ours');
    };
    const id = house.accept();
    await house.until(() => house.states(id)[0] === 'unknown');
    await house.clock.advance(14 * 60_000);
    expect(house.relay.submitted).toHaveLength(1);
  });

  it('a relay that takes fewer recipients at once gets the rest with the next submissions, uncounted', async () => {
    const house = new House();
    house.relay.script = async (submission) => {
      const { recipients } = submission.envelope;
      const taken = recipients.slice(0, 2);
      for await (const _ of submission.message());
      await submission.beforeDot(taken);
      const rest = {
        kind: 'back',
        phase: 'rcpt',
        cause: 'too_many_recipients',
        retryInMs: 0,
        elsewhere: false,
      } as const;
      return {
        verdicts: recipients.map((_, place) => (place < 2 ? SENT : rest)),
        condition: { kind: 'well' },
        ...(recipients.length > 2 ? { recipientsTaken: 2 } : {}),
      };
    };
    const recipients = Array.from({ length: 7 }, (_, n) => `r${n}@example.org`);
    const id = house.accept({ recipients });
    await house.until(() => house.states(id).every((state) => state === 'sent'));
    expect(house.relay.submitted.map(({ envelope }) => envelope.recipients.length)).toEqual([7, 2, 2, 1]);
    expect(house.email(id).recipients.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('a second relay is tried when the first is down, and not when it refuses the recipient', async () => {
    const first = scriptedRelay({ name: 'first', script: isDown });
    const second = scriptedRelay({ name: 'second' });
    const house = new House({ relays: [first, second] });
    const moved = house.accept();
    await house.until(() => house.states(moved)[0] === 'sent');
    expect(second.carried).toHaveLength(1);
    first.script = async (submission) => forAll(submission, failed('user_unknown'));
    const refused = house.accept();
    await house.until(() => house.states(refused)[0] === 'failed');
    expect(second.carried).toHaveLength(1);
  });
});
