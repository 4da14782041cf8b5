import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EventType } from '../../schemas/delivery.ts';
import { PAYLOADS, WebhookPayload } from '../../schemas/webhook-payload.ts';
import { FIRED_TYPES, type FiredType } from '../../schemas/webhook-type.ts';
import { emailData } from '../../src/mailroom/email-data.ts';
import { MAX_PAYLOAD_BYTES, payloadText } from '../../src/mailroom/payload.ts';
import { sampleData } from '../../src/mailroom/sample-data.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import {
  bounced,
  DAY,
  deferred,
  HOUR,
  House,
  LOST,
  mailbox,
  ownFailure,
  reply,
  SECOND,
  SENT,
} from '../contracts/mailroom/house.ts';
import { addWebhook } from '../contracts/mailroom/webhook-house.ts';

let sql: SqliteFile;
let room: House;

beforeEach(() => {
  sql = openSqlite(':memory:');
  room = new House(sql);
  addWebhook(room, { types: FIRED_TYPES });
});
afterEach(() => sql.close());

/** Every text that was stored to be sent, oldest first, held against the printed schema: nothing missing, nothing more. */
function payloads(): readonly {
  readonly type: FiredType;
  readonly data: Readonly<Record<string, unknown>>;
}[] {
  const rows = sql.exec<{ type: FiredType; payload: string }>(
    'SELECT type, payload FROM webhook_messages ORDER BY seq',
  );
  return rows.map(({ type, payload }) => {
    const told = JSON.parse(payload);
    expect(PAYLOADS[type].parse(told)).toEqual(told);
    return told;
  });
}

function types(): readonly string[] {
  return payloads().map(({ type }) => type);
}

const TAGGED = {
  tags: [{ name: 'kind', value: 'order' }],
  headers: [['X-Order', '4711'] as const],
  subject: '안녕하세요 👋',
};

/** What happens, and which types are told of it. */
const STORIES: readonly (readonly [story: string, happen: () => void, told: readonly FiredType[]])[] = [
  [
    'a mail with tags and headers is sent',
    () => {
      room.accepted(['ann@example.org'], TAGGED);
      room.settle(room.claimed(), SENT);
    },
    ['email.sent'],
  ],
  [
    'a mail is scheduled and sent later',
    () => {
      room.accepted(['ann@example.org'], { scheduledAt: room.now + HOUR });
      room.now += HOUR;
      room.settle(room.claimed(), SENT);
    },
    ['email.scheduled', 'email.sent'],
  ],
  [
    'a recipient is put off, and then refused for good',
    () => {
      room.accepted();
      room.settle(room.claimed(), deferred('451 4.3.0 later'));
      room.now += HOUR;
      room.settle(room.claimed(), bounced('550 5.1.1 no such user', { suppress: true }));
    },
    ['email.delivery_delayed', 'email.bounced', 'suppression.added'],
  ],
  [
    'a recipient is given up by age',
    () => {
      room.accepted();
      room.settle(room.claimed(), deferred(null));
      room.now += 3 * DAY;
      room.claims();
      room.room.recover({ now: room.now, all: false });
    },
    ['email.bounced'],
  ],
  [
    'the reply to the final dot is lost, twice',
    () => {
      room.accepted();
      const first = room.claimed();
      room.dot(first);
      room.settle(first, LOST);
      room.now += DAY;
      const second = room.claimed();
      room.dot(second);
      room.settle(second, LOST);
    },
    ['email.delivery_delayed', 'email.failed'],
  ],
  [
    'a mail that cannot be sent at all',
    () => {
      room.accepted();
      room.settle(room.claimed(), ownFailure('content_missing'));
    },
    ['email.failed'],
  ],
  [
    'every simulated address',
    () => {
      const all = ['delivered', 'bounced', 'complained', 'suppressed'] as const;
      const recipients = all.map((simulation) => ({ address: `${simulation}@resend.dev`, simulation }));
      room.accepted([], { to: recipients.map(({ address }) => mailbox(address)), envelope: recipients });
      for (const { attemptId, recipients: held } of room.claims({ relay: 'simulated' })) {
        const outcomes = held.map(({ ordinal, simulation }) => ({
          recipient: ordinal,
          outcome: { kind: 'simulated' as const, simulation: simulation ?? 'delivered' },
        }));
        room.room.settle({ attemptId, now: room.now, outcomes });
      }
    },
    [
      'email.sent',
      'email.delivered',
      'email.sent',
      'email.bounced',
      'email.sent',
      'email.delivered',
      'email.complained',
      'email.suppressed',
    ],
  ],
  [
    'an address is listed by hand, mail to it is left out, and it is released',
    () => {
      const entry = { id: room.newId(), address: 'ann@example.org', expiresAt: null, note: 'x' };
      room.room.suppress({ entries: [entry], now: room.now });
      room.accepted();
      room.room.unsuppress({ idsOrAddresses: ['ann@example.org'], now: room.now });
    },
    ['suppression.added', 'email.suppressed', 'suppression.removed'],
  ],
  [
    'an address is listed for an hour',
    () => {
      const entry = { id: room.newId(), address: 'ann@example.org', expiresAt: room.now + HOUR, note: null };
      room.room.suppress({ entries: [entry], now: room.now });
      room.now += HOUR + SECOND;
      room.room.claimDeliveries({ now: room.now, limit: 1, leaseMs: HOUR });
    },
    ['suppression.added', 'suppression.removed'],
  ],
  [
    'an address that bounced before gets no more mail',
    () => {
      room.accepted();
      room.settle(room.claimed(), bounced('550 5.1.1 no such user', { suppress: true }));
      room.accepted();
    },
    ['email.bounced', 'suppression.added', 'email.suppressed'],
  ],
];

describe('what is stored to be sent fits the schema that is printed', () => {
  test.each(STORIES)('when %s', (_, happen, told) => {
    happen();
    expect(types().toSorted()).toEqual(told.toSorted());
  });

  test('queued and canceled are told to nobody', () => {
    const id = room.accepted(['ann@example.org'], { scheduledAt: room.now + HOUR });
    room.room.cancel({ id, now: room.now });
    room.accepted();
    expect(types()).toEqual(['email.scheduled']);
  });

  test('the mail of a payload is the mail: tags as an object, headers as a list, the recipient beside them', () => {
    const id = room.accepted(['ann@example.org', 'bob@example.org'], TAGGED);
    room.settle(room.claimed(), SENT);
    const [first, second] = payloads();
    expect(first?.data).toMatchObject({
      email_id: id,
      message_id: `<${id}@mine.example>`,
      from: 'sender@mine.example',
      to: ['ann@example.org', 'bob@example.org'],
      subject: '안녕하세요 👋',
      tags: { kind: 'order' },
      headers: [{ name: 'X-Order', value: '4711' }],
      recipient: 'ann@example.org',
      relay: 'first',
      smtp: { code: 250, enhanced_code: '2.0.0', remote_host: 'mx.example.org', tls: 'TLSv1.3' },
    });
    expect(second?.data).toMatchObject({ recipient: 'bob@example.org' });
    expect(Object.keys(first?.data ?? {})).not.toContain('test');
  });

  test.each([
    ...FIRED_TYPES.map((type) => ({ type, includeBody: false })),
    { type: 'email.received', includeBody: true } as const,
  ])('a sample of $type (body included: $includeBody)', ({ type, includeBody }) => {
    const data = sampleData({ type, id: room.newId(), now: room.now, includeBody });
    const told = JSON.parse(payloadText({ type, createdAt: room.now, data: { ...data, test: true } }));
    expect(WebhookPayload.parse(told)).toEqual(told);
  });

  test('and every type of a mail, however long what it holds, below 20 KB', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 3_000 });
    const address = text.map(mailbox);
    const mail = fc.record({
      seq: fc.constant(1),
      createdAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      id: fc.uuid(),
      messageId: text,
      from: address,
      to: fc.array(address, { maxLength: 50 }),
      subject: text,
      headers: fc.array(fc.tuple(text, text), { maxLength: 20 }),
      tags: fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,256}$/), value: text }), {
        maxLength: 75,
      }),
    });
    const smtp = fc.option(text.map((said) => ({ ...reply('550 5.1.1 no'), response: said })));
    const happening = fc.record({
      type: fc.constantFrom<EventType>(
        'email.sent',
        'email.delivery_delayed',
        'email.failed',
        'email.suppressed',
      ),
      recipient: text,
      relay: fc.option(text),
      maybeDuplicate: fc.boolean(),
      smtp,
      reason: fc.option(fc.constantFrom('previous_bounce', 'previous_complaint', 'suppressed', 'manual')),
      bounce: fc.constant(null),
      review: fc.boolean(),
    });
    fc.assert(
      fc.property(mail, happening, (about, happened) => {
        const type = happened.type as FiredType;
        const data = emailData({ mail: about, happening: happened });
        const told = payloadText({ type, createdAt: room.now, data });
        expect(new TextEncoder().encode(told).length).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
        expect(PAYLOADS[type].parse(JSON.parse(told))).toEqual(JSON.parse(told));
      }),
      { numRuns: 60 },
    );
  });
});
