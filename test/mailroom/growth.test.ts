import { describe, expect, test } from 'vitest';
import type { ReadMail } from '../../src/mailroom/arrival-records.ts';
import type { Sql, SqlRow, SqlValue } from '../../src/mailroom/sql.ts';
import type { EventFilter } from '../../src/mailroom/webhook-records.ts';
import { openSqlite, type SqliteFile } from '../../src/platform/node/sqlite.ts';
import { back, HOUR, House, OPERATOR, SENT } from '../contracts/mailroom/house.ts';
import {
  arrivals,
  detail,
  file,
  head,
  idsOf,
  listed,
  readIn,
  receive,
  received,
  settleRead,
} from '../contracts/mailroom/inbox-house.ts';
import { accountEvents, addWebhook, calls, OK, settleCall } from '../contracts/mailroom/webhook-house.ts';

/** Notes every statement, so that a test can ask how the database would run it. */
class Listening implements Sql {
  readonly heard = new Map<string, readonly SqlValue[]>();
  readonly #sql: SqliteFile;

  constructor(sql: SqliteFile) {
    this.#sql = sql;
  }

  exec<Row extends SqlRow>(query: string, ...bindings: readonly SqlValue[]): readonly Row[] {
    this.heard.set(query, bindings);
    return this.#sql.exec<Row>(query, ...bindings);
  }

  transaction<T>(work: () => T extends PromiseLike<unknown> ? never : T): T {
    return this.#sql.transaction(work);
  }

  plans(): readonly string[] {
    return [...this.heard].flatMap(([query, bindings]) =>
      this.#sql
        .exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...bindings)
        .map(({ detail }) => `${detail} <- ${query.replaceAll(/\s+/g, ' ')}`),
    );
  }
}

const PAGE = { limit: 20, after: null, before: null };
/** Tables that grow with what is stored. */
const GROWING =
  /\bSCAN (?:emails|bodies|recipients|events|event_tags|email_objects|idempotency|suppressions|webhook_\w+|received\w*|walked|mail|other)\b/;
const NO_FILTER = { type: null, emailId: null, recipient: null, tag: null, since: null, until: null };
const TAG = { name: 'kind', value: 'welcome' };

/** What each verb does to be judged by; the room before it holds waiting, held and finished mail, and a key. */
const VERBS: Readonly<Record<string, (house: House, id: string) => unknown>> = {
  accept: (house) => {
    const idempotency = { key: 'k', endpoint: 'POST /emails', fingerprint: 'f' };
    return house.send([house.email(['a@example.org', 'b@example.org'])], {
      door: { ...OPERATOR, idempotency },
    });
  },
  claim: (house) => house.claims({ insteadOf: ['second'] }),
  'markDot and settle': (house) => {
    const claim = house.claimed({ limit: 1 });
    return [house.dot(claim), house.settle(claim, SENT)];
  },
  email: (house, id) => house.room.email({ id }),
  emails: (house) => house.room.emails({ page: PAGE }),
  'emails after': (house, id) => house.room.emails({ page: { ...PAGE, after: id } }),
  'emails before': (house, id) => house.room.emails({ page: { ...PAGE, before: id } }),
  emailEvents: (house, id) => house.room.emailEvents({ id, page: PAGE }),
  suppressions: (house) => house.room.suppressions({ page: PAGE, origin: 'bounce', now: house.now }),
  nextDue: (house) => house.room.nextDue({ now: house.now }),
  recover: (house) => house.room.recover({ now: house.now + 100 * HOUR, all: false }),
  removeEmail: (house, id) => house.room.removeEmail({ id, now: house.now }),
  'claimDeliveries and settleDelivery': (house) => calls(house).map((call) => settleCall(house, call, OK)),
  nextDeliveryDue: (house) => house.room.nextDeliveryDue({ now: house.now }),
  webhookEvents: (house) => {
    const [webhook] = webhooksOf(house);
    return house.room.webhookEvents({ webhookId: webhook?.id ?? '', page: PAGE });
  },
  webhookAttempts: (house) => {
    const [call] = calls(house);
    if (call === undefined) throw new Error('No call');
    settleCall(house, call, OK);
    const { webhookId, eventId } = call;
    return house.room.webhookAttempts({ webhookId, eventId, page: PAGE });
  },
  'a webhook disabled and removed': (house) => {
    const [id = ''] = webhooksOf(house).map((webhook) => webhook.id);
    house.room.updateWebhook({ id, status: 'disabled', now: house.now });
    return house.room.removeWebhook({ id, now: house.now });
  },
  events: (house) => house.room.events({ filter: NO_FILTER, page: PAGE }),
  'events after': (house) => {
    const read = house.room.events({ filter: NO_FILTER, page: PAGE });
    const after = (read.ok ? read.value.items[0]?.id : null) ?? null;
    return house.room.events({
      filter: { ...NO_FILTER, since: 1, until: house.now },
      page: { ...PAGE, after },
    });
  },
  'events by type': (house) =>
    house.room.events({ filter: { ...NO_FILTER, type: 'email.sent' }, page: PAGE }),
  'events by recipient and type': (house) =>
    house.room.events({
      filter: { ...NO_FILTER, recipient: 'ANN@example.org', type: 'email.sent', tag: TAG },
      page: PAGE,
    }),
  'events by tag and type': (house) =>
    house.room.events({ filter: { ...NO_FILTER, tag: TAG, type: 'email.sent' }, page: PAGE }),
  receive: (house) => receive(house, { deliveryId: 'd' }),
  'claimArrivals and settleArrival': (house) =>
    arrivals(house).map((claim) => {
      const forwards = [house.email(['x@out.example'])];
      return settleRead(house, claim, { attachments: [file('a')] }, { forwards });
    }),
  nextArrivalDue: (house) => house.room.nextArrivalDue({ now: house.now }),
  receivedEmails: (house) => listed(house),
  'receivedEmails after': (house) => listed(house, {}, { after: idsOf(listed(house))[0] ?? null }),
  'receivedEmails before, by time': (house) =>
    listed(house, { since: 1, until: house.now }, { before: idsOf(listed(house))[0] ?? null }),
  'receivedEmails by sender': (house) => listed(house, { from: '@example.org', until: house.now }),
  'receivedEmails by sender, recipient and subject': (house) =>
    listed(house, { from: 'ann@example.org', to: '@mine.example', subject: 'question' }),
  'receivedEmails by subject': (house) => listed(house, { subject: 'question', since: 1 }),
  receivedEmail: (house) => detail(house, idsOf(listed(house))[0] ?? ''),
  'a thread': (house) => {
    const references = [
      '<question@example.org>',
      `<${house.accepted()}@mine.example>`,
      '<other@mine.example>',
    ];
    return detail(house, received(house, { head: head({ references }) }));
  },
  removeReceived: (house) => house.room.removeReceived({ id: idsOf(listed(house))[0] ?? '', now: house.now }),
  'events of a received mail': (house) =>
    accountEvents(house, { emailId: idsOf(listed(house)).at(-1) ?? '' }),
  sweep: (house) => house.room.sweep({ now: house.now + 2000 * HOUR, limit: 100 }),
};

describe('growth', () => {
  test.each(Object.entries(VERBS))(
    '%s reads through no table and sorts nothing, however much is stored',
    (name, act) => {
      const listening = new Listening(openSqlite(':memory:'));
      const house = new House(listening, { inboundRetentionMs: HOUR });
      addWebhook(house, { types: ['email.sent', 'email.received'], includeBody: true });
      const id = house.accepted(undefined, { tags: [TAG] });
      house.settle(house.claims().find(({ email }) => email.id === id) ?? house.claimed(), SENT);
      house.accepted();
      house.settle(house.claimed(), back({ elsewhere: true }));
      house.accepted();
      readIn(house, {}, { attachments: [file('a')] });
      received(house);
      listening.heard.clear();
      act(house, id);
      const plans = listening.plans();
      expect(plans.length, name).toBeGreaterThan(0);
      expect(plans.filter((plan) => GROWING.test(plan) && !isBounded(plan))).toEqual([]);
      expect(plans.filter((plan) => plan.includes('TEMP B-TREE') && !isOfGiven(plan))).toEqual([]);
    },
  );

  test('what a mail is found by is written again only where it was read otherwise than on the way in', () => {
    const listening = new Listening(openSqlite(':memory:'));
    const house = new House(listening);
    const written = (change: Partial<ReadMail>) => {
      received(house);
      const [claim] = arrivals(house);
      if (claim === undefined) throw new Error('Nothing came in');
      listening.heard.clear();
      settleRead(house, claim, change);
      return [...listening.heard].flatMap(([query, bindings]) =>
        query.includes('received_terms') ? [JSON.parse(String(bindings.at(-1)))] : [],
      );
    };
    expect(written({})).toEqual([]);
    expect(written({ head: head({ from: [{ name: '', address: 'bob@example.org' }] }) })).toEqual([
      ['from:ann@example.org'],
      ['from:bob@example.org'],
    ]);
    expect(idsOf(listed(house, { from: 'bob@example.org' }))).toHaveLength(1);
    expect(idsOf(listed(house, { from: '@example.org' }))).toHaveLength(2);
  });

  test.each<[string, Partial<EventFilter>]>([
    ['events USING INDEX events_by_age', {}],
    ['events USING INDEX events_by_type (type=?)', { type: 'email.sent' }],
    [
      'events USING INDEX events_by_email (email=?)',
      { emailId: 'x', type: 'email.sent', recipient: 'x', tag: TAG },
    ],
    [
      'events USING INDEX events_by_recipient (recipient=?)',
      { type: 'email.sent', recipient: 'x', tag: TAG },
    ],
    ['event_tags USING PRIMARY KEY (tag=?)', { type: 'email.sent', tag: TAG }],
    [
      'events USING INDEX events_by_type (type=? AND created_at>? AND created_at<?)',
      { type: 'email.sent', since: 1, until: 2 },
    ],
  ])('the list of events is led by its narrowest filter: %s', (index, filter) => {
    const listening = new Listening(openSqlite(':memory:'));
    const house = new House(listening);
    listening.heard.clear();
    house.room.events({ filter: { ...NO_FILTER, ...filter }, page: PAGE });
    const plan = listening.plans().find((one) => one.includes(' <- SELECT events.id'));
    expect(plan?.replace(/^(?:SCAN|SEARCH) | <-.*$/g, '')).toBe(index);
  });
});

function webhooksOf(house: House): readonly { readonly id: string }[] {
  const read = house.room.webhooks({ page: PAGE });
  return read.ok ? read.value.items : [];
}

/** The keys that a removal hands over, each once. */
function isOfGiven(plan: string): boolean {
  return plan.includes('FOR DISTINCT') && plan.includes('FROM json_each(?) AS listed');
}

/** The partial indexes hold unfinished work only; a list that walks an index in its order stops at its limit. */
function isBounded(plan: string): boolean {
  return (
    /USING (?:COVERING )?INDEX recipients_(?:due|held|ageing)/.test(plan) ||
    /^SCAN \w+ USING (?:COVERING )?INDEX \w+_by_age <- .* LIMIT \?$/.test(plan)
  );
}
