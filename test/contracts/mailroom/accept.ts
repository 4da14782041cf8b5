import { describe, expect, test } from 'vitest';
import type { Accepted } from '../../../src/mailroom/mailroom.ts';
import type { LendHouse } from '../mailroom.ts';
import { HOUR, mailbox, START } from './house.ts';

const DOMAINS = [{ id: '00000000-0000-4000-8000-000000000001', name: 'mine.example' }];
const REFUSED = {
  kind: 'refused',
  refusal: { code: 'missing_required_field', message: 'Missing `to` field.', field: 'to' },
} as const;

/** The JSON of an accepted answer. */
export function bodyOf(accepted: Accepted): unknown {
  if (accepted.kind === 'refused') throw new Error(accepted.refusal.message);
  return JSON.parse(accepted.answer.body);
}

export function acceptContract(house: LendHouse): void {
  describe('accept', () => {
    storing(house);
    answers(house);
    senders(house);
  });
}

function storing(house: LendHouse): void {
  test('transition 1: an accepted mail is stored whole, with one queued recipient and one event per address', () =>
    house((room) => {
      const email = room.email(['ann@example.org', 'ben@example.org'], {
        from: { name: 'Ås', address: 'sender@mine.example', given: 'Ås <sender@mine.example>' },
        cc: [mailbox('cc@example.org')],
        bcc: [mailbox('bcc@example.org')],
        replyTo: [mailbox('reply@mine.example')],
        headers: [
          ['X-One', '1'],
          ['X-One', '2'],
        ],
        tags: [{ name: 'kind', value: 'test' }],
        tls: 'enforced',
        content: { kind: 'inline', html: '<p>안녕</p>', text: null },
      });
      expect(room.send([email])).toMatchObject({ kind: 'accepted', rate: null });
      const { envelope, objects, ...shown } = email;
      const record = room.read(email.id);
      expect(record).toMatchObject({
        ...shown,
        createdAt: START,
        date: START,
        lastEvent: 'queued',
        composed: null,
      });
      expect(record.recipients).toEqual(
        envelope.map(({ address }, ordinal) => ({
          ordinal,
          address,
          state: 'queued',
          feedback: null,
          dueAt: START,
          attempts: 0,
          relay: null,
          reason: null,
          smtp: null,
          maybeDuplicate: false,
        })),
      );
      expect(room.events(email.id).map(({ type, recipient, attempt }) => [type, recipient, attempt])).toEqual(
        [
          ['email.queued', 'ann@example.org', 0],
          ['email.queued', 'ben@example.org', 0],
        ],
      );
    }));

  test('a body kept as an object and a raw message come back as the keys they were given', () =>
    house((room) => {
      const object = { kind: 'object', key: 't/default/body' } as const;
      const raw = { kind: 'raw', key: 't/default/raw', size: 12 } as const;
      expect(room.read(room.accepted([], { content: object })).content).toEqual(object);
      expect(room.read(room.accepted([], { content: raw })).content).toEqual(raw);
    }));

  test('a mail for later is scheduled, and its Date is the moment it is due', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: START + HOUR });
      expect(room.read(id)).toMatchObject({
        lastEvent: 'scheduled',
        date: START + HOUR,
        scheduledAt: START + HOUR,
      });
      expect(room.eventTypes(id)).toEqual(['scheduled']);
      expect(room.claims()).toEqual([]);
    }));

  test('a scheduled moment in the past means now', () =>
    house((room) => {
      const id = room.accepted(undefined, { scheduledAt: START - HOUR });
      expect(room.read(id)).toMatchObject({ lastEvent: 'queued', date: START });
      expect(room.eventTypes(id)).toEqual(['queued']);
      expect(room.claims()).toHaveLength(1);
    }));

  test('a surprise in the middle of a batch leaves nothing behind', () =>
    house((room) => {
      const email = room.email();
      expect(() => room.send([email, email], { mode: 'strict' })).toThrow();
      expect(room.room.email({ id: email.id })).toBeNull();
      expect(room.room.depth({ now: room.now }).queued).toBe(0);
    }));
}

function answers(house: LendHouse): void {
  test('a single send answers its id and nothing else', () =>
    house((room) => {
      const email = room.email();
      expect(room.send([email])).toMatchObject({ answer: { status: 200, body: `{"id":"${email.id}"}` } });
    }));

  test('a strict batch answers one id per item, in order, without `errors`', () =>
    house((room) => {
      const [one, two] = [room.email(), room.email()];
      expect(bodyOf(room.send([two, one], { mode: 'strict' }))).toEqual({
        data: [{ id: two.id }, { id: one.id }],
      });
    }));

  test('a strict batch with a bad item stores nothing and names the item in path and message', () =>
    house((room) => {
      const email = room.email();
      expect(room.send([email, REFUSED], { mode: 'strict' })).toMatchObject({
        kind: 'refused',
        refusal: { code: 'missing_required_field', message: 'Missing `[1].to` field.', field: '[1].to' },
      });
      expect(room.room.email({ id: email.id })).toBeNull();
    }));

  test('a bad single send is refused as it stands', () =>
    house((room) => {
      expect(room.send([REFUSED])).toMatchObject({ kind: 'refused', refusal: REFUSED.refusal });
    }));

  test('a permissive batch accepts the good items and reports the bad ones by index', () =>
    house((room) => {
      const [one, two] = [room.email(), room.email()];
      expect(bodyOf(room.send([one, REFUSED, two], { mode: 'permissive' }))).toEqual({
        data: [{ id: one.id }, { id: two.id }],
        errors: [{ index: 1, message: 'Missing `to` field.' }],
        results: [
          { index: 0, status: 'accepted', id: one.id },
          { index: 1, status: 'rejected', name: 'missing_required_field', message: 'Missing `to` field.' },
          { index: 2, status: 'accepted', id: two.id },
        ],
      });
      expect(room.read(two.id).lastEvent).toBe('queued');
    }));

  test('a permissive batch without a fault still carries an empty `errors`', () =>
    house((room) => {
      expect(bodyOf(room.send([room.email()], { mode: 'permissive' }))).toMatchObject({ errors: [] });
    }));

  test('a permissive batch in which nothing is good answers no ids', () =>
    house((room) => {
      expect(bodyOf(room.send([REFUSED], { mode: 'permissive' }))).toMatchObject({
        data: [],
        errors: [{ index: 0 }],
      });
    }));
}

function senders(house: LendHouse): void {
  const foreign = 'The `other.example` domain is not verified. Please, add and verify your domain.';

  test.each([
    ['another domain', { fromDomain: 'other.example' }],
    ['an envelope sender elsewhere', { sender: 'x@other.example' }],
  ])('threats §9 r8: %s than the verified ones is 403', (_, change) =>
    house(
      (room) => {
        expect(room.send([room.email(undefined, change)])).toMatchObject({
          kind: 'refused',
          refusal: { code: 'domain_refused', message: foreign, field: 'from' },
        });
      },
      { domains: DOMAINS },
    ),
  );

  test.each(['sub.mine.example', 'mine.example.other.example', 'notmine.example'])(
    'threats §9 r8: a look-alike of a verified domain is not that domain: %s',
    (domain) =>
      house(
        (room) => {
          const email = room.email(undefined, { fromDomain: domain, sender: `x@${domain}` });
          expect(room.send([email])).toMatchObject({ refusal: { code: 'domain_refused' } });
        },
        { domains: DOMAINS },
      ),
  );

  test('a verified domain, and with it the null sender, is accepted', () =>
    house(
      (room) => {
        expect(room.send([room.email(undefined, { sender: '' })]).kind).toBe('accepted');
      },
      { domains: DOMAINS },
    ));

  test('the onboarding sender needs no domain while every recipient is simulated, and needs one otherwise', () =>
    house(
      (room) => {
        const from = mailbox('onboarding@resend.dev');
        const onboarding = { from, sender: from.address, fromDomain: 'resend.dev' };
        const simulated = { address: 'delivered@resend.dev', simulation: 'delivered' } as const;
        const real = { address: 'ann@example.org', simulation: null };
        const alone = room.email([], { ...onboarding, envelope: [simulated] });
        const mixed = room.email([], { ...onboarding, envelope: [simulated, real] });
        expect(room.send([alone]).kind).toBe('accepted');
        expect(room.send([mixed]).kind).toBe('refused');
      },
      { domains: DOMAINS },
    ));

  test('each item of a permissive batch is held against the domains by itself', () =>
    house(
      (room) => {
        const good = room.email();
        const bad = room.email(undefined, { fromDomain: 'other.example' });
        expect(bodyOf(room.send([bad, good], { mode: 'permissive' }))).toMatchObject({
          data: [{ id: good.id }],
          errors: [{ index: 0, message: foreign }],
        });
      },
      { domains: DOMAINS },
    ));
}
