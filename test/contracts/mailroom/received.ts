import { describe, expect, test } from 'vitest';
import type { ReceivedFilter } from '../../../src/mailroom/received-records.ts';
import type { LendHouse } from '../mailroom.ts';
import { type House, SECOND, START } from './house.ts';
import {
  ALL,
  detail,
  file,
  fileId,
  head,
  idsOf,
  listed,
  NO_FILTER,
  readIn,
  received,
} from './inbox-house.ts';

export function receivedContract(house: LendHouse): void {
  describe('received mail', () => {
    pages(house);
    search(house);
    files(house);
    hashes(house);
    threads(house);
  });
}

function from(name: string, domain = 'example.org'): ReturnType<typeof head> {
  return head({ from: [{ name: '', address: `${name}@${domain}` }] });
}

/** One a second, oldest first. */
function several(room: House, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    room.now += SECOND;
    return received(room);
  });
}

function pages(house: LendHouse): void {
  test('a list is newest first, without the header by name, and pages meet without gap', () =>
    house((room) => {
      const ids = several(room, 5).toReversed();
      const first = listed(room, {}, { limit: 2 });
      expect(idsOf(first)).toEqual(ids.slice(0, 2));
      expect(first.hasMore).toBe(true);
      expect(first.items[0]?.head).toEqual({ ...head(), headers: [] });
      const rest = listed(room, {}, { limit: 3, after: ids[1] ?? '' });
      expect(idsOf(rest)).toEqual(ids.slice(2));
      expect(rest.hasMore).toBe(false);
      const back = listed(room, {}, { limit: 2, before: ids[3] ?? '' });
      expect(idsOf(back)).toEqual(ids.slice(1, 3));
      expect(back.hasMore).toBe(true);
    }));

  test('mails that are heavy make a page shorter, and none is skipped, forward and back', () =>
    house((room) => {
      const many = Array.from({ length: 1_000 }, (_, at) => ({
        name: 'x'.repeat(30),
        address: `${at}@example.org`,
      }));
      const heavy = head({ to: many, cc: many, bcc: many, replyTo: many });
      const ids = Array.from({ length: 40 }, () => received(room, { head: heavy })).toReversed();
      const onward: string[] = [];
      for (let more = true; more; ) {
        const page = listed(room, {}, { after: onward.at(-1) ?? null });
        expect(JSON.stringify(page).length).toBeLessThan(5 * 1024 * 1024);
        onward.push(...idsOf(page));
        more = page.hasMore;
      }
      expect(onward).toEqual(ids);
      const back = listed(room, {}, { before: ids.at(-1) ?? null });
      expect(back.hasMore).toBe(true);
      expect(idsOf(back)).toEqual(ids.slice(-1 - back.items.length, -1));
    }));

  test('mails of one moment keep an order', () =>
    house((room) => {
      const ids = [received(room), received(room), received(room)].toReversed();
      expect(idsOf(listed(room, {}, { limit: 1 }))).toEqual(ids.slice(0, 1));
      expect(idsOf(listed(room, {}, { after: ids[0] ?? '' }))).toEqual(ids.slice(1));
    }));

  test('an unknown cursor is refused, and an unknown mail is none', () =>
    house((room) => {
      const page = { ...ALL, after: 'unknown' };
      const refusal = { ok: false, refusal: { field: 'after' } };
      expect(room.room.receivedEmails({ filter: NO_FILTER, page })).toMatchObject(refusal);
      expect(room.room.receivedEmail({ id: 'unknown' })).toBeNull();
      expect(room.room.removeReceived({ id: 'unknown', now: room.now })).toMatchObject({
        ok: false,
        refusal: { code: 'not_found', message: 'Email not found' },
      });
    }));
}

function search(house: LendHouse): void {
  const mails = {
    a: { head: from('Ann') },
    b: { head: head({ from: [], subject: 'Straße nach SÉOUL' }), envelopeTo: ['sales@mine.example'] },
    c: { head: { ...from('bob', 'Other.example'), cc: [{ name: '', address: 'ann@example.org' }] } },
    d: {
      head: {
        ...from('ann'),
        to: [{ name: '', address: 'list@lists.example' }],
        subject: '안녕하세요 100%_',
      },
    },
  } as const;

  test.each<[string, Partial<ReceivedFilter>, string]>([
    ['everything', {}, 'dcba'],
    ['by sender, without case', { from: 'ANN@Example.org' }, 'da'],
    ['by the domain of the sender', { from: '@example.org' }, 'da'],
    ['by the domain of another', { from: '@other.example' }, 'c'],
    ['not by the end of a domain', { from: '@ample.org' }, ''],
    ['by the envelope', { to: 'sales@mine.example' }, 'b'],
    ['by To', { to: 'list@lists.example' }, 'd'],
    ['by Cc', { to: 'ann@example.org' }, 'c'],
    ['by the domain of a recipient', { to: '@mine.example' }, 'dcba'],
    ['by a part of the subject, without case', { subject: 'séoul' }, 'b'],
    ['by a subject of another script', { subject: '녕하' }, 'd'],
    ['a subject is no pattern', { subject: '100%_' }, 'd'],
    ['nor is this', { subject: '%' }, 'd'],
    ['by sender and recipient', { from: '@example.org', to: '@lists.example' }, 'd'],
    ['by sender and subject', { from: 'ann@example.org', subject: 'QUESTION' }, 'a'],
    ['by recipient and subject', { to: '@mine.example', subject: 'question' }, 'ca'],
    ['since, that moment included', { since: START + 3 * SECOND }, 'dc'],
    ['until, that moment included', { until: START + 2 * SECOND }, 'ba'],
    [
      'by time and sender',
      { from: '@example.org', since: START + 2 * SECOND, until: START + 9 * SECOND },
      'd',
    ],
    ['by all of them', { from: 'x@y', to: 'x@y', subject: 'x', since: 1, until: 2 }, ''],
  ])('%s', (_name, filter, expected) =>
    house((room) => {
      const names = new Map<string, string>();
      for (const [name, mail] of Object.entries(mails)) {
        room.now += SECOND;
        names.set(received(room, mail), name);
      }
      const name = (id: string): string => names.get(id) ?? '?';
      expect(idsOf(listed(room, filter)).map(name).join('')).toBe(expected);
      const walked: string[] = [];
      for (let after: string | null = null, more = true; more; ) {
        const page = listed(room, filter, { limit: 1, after });
        after = page.items.at(-1)?.id ?? null;
        walked.push(...idsOf(page).map(name));
        more = page.hasMore;
      }
      expect(walked.join('')).toBe(expected);
    }),
  );

  test('a mail is found by its envelope and its first author, however many others its header names', () =>
    house((room) => {
      const many = Array.from({ length: 300 }, (_, at) => ({ name: '', address: `${at}@${at}.example.org` }));
      const id = received(room, { head: head({ from: many, to: many, cc: many }) });
      for (const filter of [
        { to: 'support@mine.example' },
        { to: '@mine.example' },
        { from: '0@0.example.org' },
      ])
        expect(idsOf(listed(room, filter))).toEqual([id]);
      room.room.removeReceived({ id, now: room.now });
      expect(room.sql.exec('SELECT 1 FROM received_terms')).toEqual([]);
    }));

  test('once a mail is read it is found by what the reader found, and no longer by what the header seemed to say', () =>
    house((room) => {
      const id = readIn(room, { head: from('seeming') }, { head: { ...from('real'), subject: 'Real' } });
      expect(idsOf(listed(room, { from: 'real@example.org', subject: 'real' }))).toEqual([id]);
      expect(idsOf(listed(room, { from: 'seeming@example.org' }))).toEqual([]);
      expect(idsOf(listed(room, { subject: 'question' }))).toEqual([]);
    }));

  test('a search that no index serves stops after 20,000 mails and asks for a narrower one', () =>
    house((room) => {
      received(room, { head: head({ subject: 'needle' }) });
      room.sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)
         INSERT INTO received (id, created_at, source, envelope_to, raw_key, raw_size, raw_sha256, message_id,
           subject_folded, routing, parse) SELECT 'x' || i, ?, 'smtp', '[]', '', 0, '', '', 'hay', '', 'full' FROM n`,
        START + SECOND,
      );
      const find = (filter: Partial<ReceivedFilter>) =>
        room.room.receivedEmails({ filter: { ...NO_FILTER, ...filter }, page: ALL });
      expect(find({ subject: 'needle' })).toMatchObject({
        ok: false,
        refusal: { code: 'invalid_parameter' },
      });
      expect(find({ subject: 'needle', until: START })).toMatchObject({ ok: true, value: { items: [{}] } });
      expect(find({ subject: 'needle', from: 'ann@example.org' })).toMatchObject({
        ok: true,
        value: { items: [{}] },
      });
    }));
}

function files(house: LendHouse): void {
  test('the files of a mail in the order of the message, page by page, and each by its id', () =>
    house((room) => {
      const all = [file('c'), file('a'), file('b')];
      const id = readIn(room, {}, { attachments: all });
      const page = (change: object) => room.room.receivedAttachments({ id, page: { ...ALL, ...change } });
      expect(page({})).toEqual({ ok: true, value: { items: all, hasMore: false } });
      expect(page({ limit: 1, after: fileId('c') })).toEqual({
        ok: true,
        value: { items: [all[1]], hasMore: true },
      });
      expect(page({ limit: 1, before: fileId('b') })).toEqual({
        ok: true,
        value: { items: [all[1]], hasMore: true },
      });
      expect(page({ after: 'unknown' })).toMatchObject({ ok: false, refusal: { field: 'after' } });
      expect(room.room.receivedAttachment({ id, attachmentId: fileId('a') })).toEqual(all[1]);
      expect(room.room.receivedAttachment({ id, attachmentId: 'unknown' })).toBeNull();
      expect(room.room.receivedAttachment({ id: 'unknown', attachmentId: fileId('a') })).toBeNull();
      expect(room.room.receivedAttachments({ id: 'unknown', page: ALL })).toMatchObject({ ok: false });
      expect(listed(room).items[0]?.attachments).toEqual(all);
    }));
}

function hashes(house: LendHouse): void {
  test.each([
    [['support@mine.example'], null],
    [['support+17@mine.example'], '17'],
    [['a@mine.example', 'b+x+y@mine.example', 'c+z@mine.example'], 'x+y'],
    [['support+@mine.example'], null],
  ])('the mailbox hash of %j is %j', (envelopeTo, expected) =>
    house((room) => {
      expect(detail(room, received(room, { envelopeTo })).mailboxHash).toBe(expected);
    }),
  );
}

function threads(house: LendHouse): void {
  test('an answer is tied to the mail of ours that it answers, whether we made its Message-ID or its author did', () =>
    house((room) => {
      const made = room.accepted();
      room.now += SECOND;
      const chosen = room.accepted(undefined, { messageId: '<chosen@mine.example>' });
      const references = [`<${made}@mine.example>`, '<chosen@mine.example>', '<unknown@mine.example>'];
      const id = readIn(room, { head: head({ references, inReplyTo: '<chosen@mine.example>' }) });
      expect(detail(room, id).thread).toEqual({ emailIds: [made, chosen], receivedIds: [] });
    }));

  test('the id of a mail of ours at another domain names nothing', () =>
    house((room) => {
      const id = readIn(room, { head: head({ inReplyTo: `<${room.accepted()}@else.example>` }) });
      expect(detail(room, id).thread).toEqual({ emailIds: [], receivedIds: [] });
    }));

  test('it is followed through what came in and what we sent, oldest first, and not round in a circle', () =>
    house((room) => {
      const next = (change: object): string => {
        room.now += SECOND;
        return readIn(room, { head: head(change) });
      };
      const question = next({ messageId: '<1@a>', inReplyTo: '<4@a>' });
      room.now += SECOND;
      const answer = room.accepted(undefined, { headers: [['in-Reply-To', '<1@a>']] });
      const thanks = next({ messageId: '<3@a>', inReplyTo: `<${answer}@mine.example>` });
      const last = next({ messageId: '<4@a>', references: ['<3@a>'] });
      expect(detail(room, last).thread).toEqual({ emailIds: [answer], receivedIds: [question, thanks] });
      expect(detail(room, question).thread.receivedIds).toEqual([thanks, last]);
    }));

  test('what comes in the wrong order is tied all the same, and what is gone is not named', () =>
    house((room) => {
      const answer = readIn(room, { head: head({ messageId: '<2@a>', inReplyTo: '<1@a>' }) });
      expect(detail(room, answer).thread.receivedIds).toEqual([]);
      const question = readIn(room, { head: head({ messageId: '<1@a>' }) });
      expect(detail(room, answer).thread.receivedIds).toEqual([question]);
      room.room.removeReceived({ id: question, now: room.now });
      expect(detail(room, answer).thread.receivedIds).toEqual([]);
    }));

  test('of each kind 100 at most, the nearest', () =>
    house((room) => {
      const ids = Array.from({ length: 120 }, (_, i) =>
        readIn(room, { head: head({ messageId: `<${i}@a>`, inReplyTo: `<${i - 1}@a>` }) }),
      );
      expect(detail(room, ids.at(-1) ?? '').thread.receivedIds).toEqual(ids.slice(19, 119));
    }));
}
