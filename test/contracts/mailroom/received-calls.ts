import { describe, expect, test } from 'vitest';
import { WebhookPayload } from '../../../schemas/webhook-payload.ts';
import type { NewWebhook } from '../../../src/mailroom/webhook-records.ts';
import type { LendHouse } from '../mailroom.ts';
import { DAY, HOUR, type House, SECOND, START } from './house.ts';
import {
  addRoute,
  arrivals,
  type Body,
  file,
  fileId,
  head,
  idsOf,
  listed,
  oneArrival,
  readIn,
  received,
  settle,
  settleRead,
} from './inbox-house.ts';
import { complaint, MAIL_ID, report, tokenOf } from './reports-made.ts';
import {
  accountEvents,
  addWebhook,
  answered,
  calls,
  OK,
  oneCall,
  payloadOf,
  settleCall,
} from './webhook-house.ts';

export function receivedCallsContract(house: LendHouse): void {
  describe('what follows from a received mail', () => {
    plain(house);
    full(house);
    routed(house);
  });
}

const BODY: Body = {
  text: 'Why?',
  html: '<p>Why?</p>',
  truncated: false,
  rawUrl: 'https://mail.example/raw',
  rawExpiresAt: START + DAY,
  links: [{ id: fileId('a'), downloadUrl: 'https://mail.example/a', expiresAt: START + DAY }],
};

function listener(room: House, change: Partial<NewWebhook> = {}): string {
  return addWebhook(room, { types: ['email.received'], ...change });
}

function plain(house: LendHouse): void {
  test('of a mail that is removed no call holds the text any more, told or still to be told', () =>
    house((room) => {
      listener(room, { includeBody: true });
      listener(room, { includeBody: true });
      const ids = [received(room), received(room)];
      for (const claim of arrivals(room)) settleRead(room, claim, {}, { body: BODY });
      const [told] = calls(room, 1);
      if (told !== undefined) settleCall(room, told, OK);
      room.room.removeReceived({ id: ids[0] ?? '', now: room.now });
      const texts = room.sql.exec<{ text: string }>(
        'SELECT full_payload AS text FROM webhook_messages ORDER BY seq',
      );
      expect(texts.map(({ text }) => text.includes('Why?'))).toEqual([false, true]);
      const left = calls(room).map(({ payload }) => JSON.parse(payload).data.email_id);
      expect(left.toSorted()).toEqual([ids[0], ids[1], ids[1]].toSorted());
    }));

  test('a call tells who wrote to whom, and what is with it, and no body', () =>
    house((room) => {
      listener(room);
      addWebhook(room);
      const from = [{ name: 'Ann "A" Lee', address: 'ann@example.org' }];
      const cc = [{ name: '이안', address: 'ian@example.org' }];
      const id = readIn(room, {}, { head: head({ from, cc }), attachments: [file('a', { filename: null })] });
      const call = oneCall(room);
      expect(payloadOf(call)).toEqual({
        type: 'email.received',
        created_at: new Date(START).toISOString(),
        data: {
          email_id: id,
          created_at: new Date(START).toISOString(),
          from: '"Ann \\"A\\" Lee" <ann@example.org>',
          to: ['support@mine.example'],
          cc: ['이안 <ian@example.org>'],
          bcc: [],
          received_for: ['support@mine.example'],
          message_id: '<question@example.org>',
          subject: 'A question',
          attachments: [
            {
              id: fileId('a'),
              filename: null,
              content_type: 'application/pdf',
              content_disposition: 'attachment',
              content_id: null,
            },
          ],
        },
      });
      expect(WebhookPayload.parse(payloadOf(call))).toEqual(payloadOf(call));
      expect(call.eventId).toBe(`msg_${accountEvents(room)[0]?.id.replaceAll('-', '')}`);
    }));

  test('a mail that could not be read is told all the same', () =>
    house((room) => {
      listener(room, { includeBody: true });
      received(room);
      for (let i = 0; i < 2; i += 1) {
        room.now += 10 * SECOND;
        settle(room, oneArrival(room), { kind: 'failed', cause: 'memory' });
      }
      const told = payloadOf(oneCall(room));
      expect(WebhookPayload.parse(told)).toEqual(told);
      expect(told.data).toMatchObject({ subject: 'A question', attachments: [] });
    }));

  test('however long what it holds, a call stays below 20 KB and says that it is cut', () =>
    house((room) => {
      listener(room);
      const long = Array.from({ length: 500 }, () => ({
        name: '\u{1F600}'.repeat(300),
        address: `${'a'.repeat(300)}@b`,
      }));
      const attachments = Array.from({ length: 200 }, (_, i) =>
        file(`${i}`, {
          filename: '"'.repeat(900),
          contentId: '\u0007'.repeat(900),
          contentType: 'é'.repeat(900),
        }),
      );
      const envelopeTo = Array.from({ length: 100 }, (_, i) => `${'r'.repeat(240)}${i}@mine.example`);
      readIn(
        room,
        { envelopeTo },
        {
          head: head({ from: long, to: long, cc: long, bcc: long, subject: '\u0007'.repeat(9_000) }),
          attachments,
        },
      );
      const { payload } = oneCall(room);
      expect(new TextEncoder().encode(payload).length).toBeLessThanOrEqual(20_000);
      const told = JSON.parse(payload);
      expect(WebhookPayload.parse(told)).toEqual(told);
      expect(told.data.truncated).toBe(true);
    }));
}

function full(house: LendHouse): void {
  test('of a text that is too long even in part the links are left whole', () =>
    house((room) => {
      listener(room, { includeBody: true });
      received(room);
      const rawUrl = `https://mail.example/downloads/${'x'.repeat(250)}`;
      const mail = { strippedText: '\u0001'.repeat(64 * 1024), attachments: [file('a')] };
      settleRead(room, oneArrival(room), mail, { body: { ...BODY, rawUrl } });
      const call = oneCall(room);
      expect(call.payload.length).toBeLessThanOrEqual(256 * 1024);
      expect(payloadOf(call).data).toMatchObject({
        stripped_text: null,
        raw: { download_url: rawUrl },
        truncated: true,
      });
    }));

  test('webhooks that include the body get it under the same id as the others get the facts', () =>
    house((room) => {
      const [small, large] = [listener(room), listener(room, { includeBody: true })];
      const envelopeTo = ['support+17@mine.example'];
      received(room, { envelopeTo });
      const claim = oneArrival(room);
      expect(claim.wantsBody).toBe(true);
      const shown = head({
        inReplyTo: '<a@b>',
        references: ['<a@b>'],
        headers: [
          ['__proto__', 'x'],
          ['subject', 'y'],
        ],
      });
      settleRead(room, claim, { head: shown, attachments: [file('a'), file('b')] }, { body: BODY });
      const made = new Map(calls(room).map((call) => [call.webhookId, call]));
      const [one, other] = [made.get(small), made.get(large)];
      if (one === undefined || other === undefined) throw new Error('Not both were called');
      expect(one.eventId).toBe(other.eventId);
      const { data } = payloadOf(one);
      expect(data).not.toHaveProperty('text');
      expect(payloadOf(other).data).toEqual({
        ...data,
        attachments: [
          {
            ...(data['attachments'] as readonly object[])[0],
            download_url: 'https://mail.example/a',
            expires_at: new Date(START + DAY).toISOString(),
          },
          (data['attachments'] as readonly object[])[1],
        ],
        text: 'Why?',
        html: '<p>Why?</p>',
        headers: JSON.parse('{"__proto__":"x","subject":"y"}'),
        in_reply_to: '<a@b>',
        references: ['<a@b>'],
        stripped_text: 'Why?',
        mailbox_hash: '17',
        raw: { download_url: 'https://mail.example/raw', expires_at: new Date(START + DAY).toISOString() },
      });
      for (const call of [one, other]) expect(WebhookPayload.safeParse(payloadOf(call)).success).toBe(true);
      const stored = (webhookId: string): unknown =>
        room.room.webhookEvent({ webhookId, eventId: one.eventId });
      expect(stored(small)).toMatchObject({ value: { payload: one.payload } });
      expect(stored(large)).toMatchObject({ value: { payload: other.payload } });
    }));

  test('every try sends the same text, whatever the webhook wishes by then', () =>
    house((room) => {
      const id = listener(room, { includeBody: true });
      received(room);
      settleRead(room, oneArrival(room), {}, { body: BODY });
      const first = oneCall(room);
      settleCall(room, first, answered(500));
      expect(room.room.updateWebhook({ id, includeBody: false, now: room.now }).ok).toBe(true);
      expect(room.room.webhook({ id })?.includeBody).toBe(false);
      room.now += HOUR;
      const second = oneCall(room);
      expect(second.payload).toBe(first.payload);
      settleCall(room, second, OK);
      received(room);
      expect(oneArrival(room).wantsBody).toBe(false);
    }));

  test('one that wants the body of what it does not hear of, or is disabled, or is not named by the route, makes no body', () =>
    house((room) => {
      addWebhook(room, { includeBody: true });
      const off = listener(room, { includeBody: true });
      room.room.updateWebhook({ id: off, status: 'disabled', now: room.now });
      const other = listener(room);
      addRoute(room, { recipient: 'only@mine.example' }, [{ type: 'webhook', webhookId: other }]);
      listener(room, { includeBody: true });
      received(room, { envelopeTo: ['only@mine.example'] });
      received(room);
      expect(arrivals(room).map(({ wantsBody }) => wantsBody)).toEqual([false, true]);
    }));

  test('a body beyond 256 KiB loses HTML, then the header, then the text', () =>
    house((room) => {
      listener(room, { includeBody: true });
      const told = (text: string, html: string) => {
        received(room);
        settleRead(room, oneArrival(room), {}, { body: { ...BODY, text, html } });
        const call = oneCall(room);
        settleCall(room, call, OK);
        expect(new TextEncoder().encode(call.payload).length).toBeLessThanOrEqual(256 * 1024);
        expect(WebhookPayload.parse(payloadOf(call))).toEqual(payloadOf(call));
        return payloadOf(call).data;
      };
      const long = '한'.repeat(80_000);
      expect(told(long, 'x')).not.toHaveProperty('truncated');
      expect(told(long, long)).toMatchObject({ truncated: true, html: null, text: long });
      expect(told(`${long}${long}`, 'x')).toMatchObject({
        truncated: true,
        html: null,
        text: null,
        subject: 'A question',
      });
    }));

  test('a test of such a webhook is a call of its shape', () =>
    house((room) => {
      const id = listener(room, { includeBody: true });
      room.room.testWebhook({ id, type: null, now: room.now });
      const told = payloadOf(oneCall(room));
      expect(WebhookPayload.parse(told)).toEqual(told);
      expect(told.data).toMatchObject({ test: true, stripped_text: 'A test of your webhook' });
    }));
}

function routed(house: LendHouse): void {
  test('a report that a token of ours proves is listed, and told as such to those alone whom a route names', () =>
    house((room) => {
      const all = listener(room, { includeBody: true });
      readIn(room, {}, { report: report(), token: tokenOf(MAIL_ID) });
      expect(calls(room)).toEqual([]);
      expect(listed(room).items).toHaveLength(1);
      expect(accountEvents(room, { type: 'email.received' })).toHaveLength(1);
      readIn(room, {}, { report: report(), token: null });
      readIn(room, {}, { report: { kind: 'auto_reply', form: 'reply' }, token: tokenOf(MAIL_ID) });
      const told = calls(room);
      expect(told).toHaveLength(2);
      for (const call of told) settleCall(room, call, OK);
      addRoute(room, { domain: 'mine.example' }, [{ type: 'webhook', webhookId: all }]);
      readIn(room, {}, { report: complaint(), token: tokenOf(MAIL_ID) });
      expect(calls(room)).toHaveLength(1);
    }));

  test.each([
    ['no route: all', [], 'ab'],
    ['a route that only stores: nobody', ['store@mine.example'], ''],
    ['one that forwards: nobody', ['forward@mine.example'], ''],
    ['one that names a webhook: that one', ['a@mine.example'], 'a'],
    ['two that name one each: both', ['a@mine.example', 'b@mine.example'], 'ab'],
    ['one that names a removed webhook: nobody', ['gone@mine.example'], ''],
    ['one recipient with a route and one without: all', ['store@mine.example', 'else@mine.example'], 'ab'],
  ])('%s', (_name, envelopeTo, expected) =>
    house((room) => {
      const names = new Map([
        [listener(room), 'a'],
        [listener(room), 'b'],
      ]);
      const gone = listener(room);
      const [a = '', b = ''] = names.keys();
      addRoute(room, { recipient: 'store@mine.example' }, [{ type: 'store' }]);
      addRoute(room, { recipient: 'forward@mine.example' }, [{ type: 'forward', to: 'x@out.example' }]);
      for (const [name, webhookId] of [
        ['a', a],
        ['b', b],
        ['gone', gone],
      ] as const) {
        addRoute(room, { recipient: `${name}@mine.example` }, [{ type: 'webhook', webhookId }]);
      }
      room.room.removeWebhook({ id: gone, now: room.now });
      const id = readIn(room, envelopeTo.length === 0 ? {} : { envelopeTo });
      const called = calls(room).map(({ webhookId }) => names.get(webhookId) ?? '?');
      expect(called.toSorted().join('')).toBe(expected);
      expect(accountEvents(room).map(({ emailId }) => emailId)).toEqual([id]);
      expect(idsOf(listed(room))).toEqual([id]);
    }),
  );
}
