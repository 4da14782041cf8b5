import { describe, expect, test } from 'vitest';
import type { AttachmentRecord, NewUpload } from '../../../src/mailroom/attachment-records.ts';
import type { Page } from '../../../src/mailroom/records.ts';
import type { LendHouse } from '../mailroom.ts';
import { DAY, HOUR, type House, OPERATOR, SENT } from './house.ts';

export const KEY = 't/default/content';

export function attachmentsContract(house: LendHouse): void {
  describe('attachments', () => {
    reading(house);
    uploading(house);
  });
}

export function file(room: House, change: Partial<AttachmentRecord> = {}): AttachmentRecord {
  const id = room.newId();
  return {
    id,
    filename: '견적서.pdf',
    contentType: 'application/pdf',
    contentId: null,
    disposition: 'attachment',
    size: 4711,
    sha256: 'cd'.repeat(32),
    key: KEY,
    ...change,
  };
}

function page(change: Partial<Page> = {}): Page {
  return { limit: 100, after: null, before: null, ...change };
}

function reading(house: LendHouse): void {
  test('a mail is claimed and read with its files, in the order of the request', () =>
    house((room) => {
      const attachments = [
        file(room),
        file(room, {
          filename: 'logo.png',
          contentId: 'logo',
          disposition: 'inline',
          key: 't/default/other',
        }),
        file(room, { filename: 'a' }),
      ];
      const id = room.accepted(undefined, { attachments });
      expect(room.read(id).attachments).toEqual(attachments);
      expect(room.claimed().email.attachments).toEqual(attachments);
      expect(room.room.attachments({ id, page: page() })).toEqual({
        ok: true,
        value: { items: attachments, hasMore: false },
      });
    }));

  test('one file is found by its id, and only in its own mail', () =>
    house((room) => {
      const [one, other] = [file(room), file(room)];
      const [id, stranger] = [
        room.accepted(undefined, { attachments: [one] }),
        room.accepted(undefined, { attachments: [other] }),
      ];
      expect(room.room.attachment({ id, attachmentId: one.id })).toEqual(one);
      expect(room.room.attachment({ id, attachmentId: other.id })).toBeNull();
      expect(room.room.attachment({ id: stranger, attachmentId: one.id })).toBeNull();
      expect(room.room.attachment({ id: room.newId(), attachmentId: one.id })).toBeNull();
    }));

  test('files are paged along the order of the request; an unknown cursor is refused, and so is an unknown mail', () =>
    house((room) => {
      const attachments = Array.from({ length: 5 }, (_, place) => file(room, { filename: `${place}` }));
      const id = room.accepted(undefined, { attachments });
      const read = (change: Partial<Page>): unknown => {
        const answer = room.room.attachments({ id, page: page(change) });
        return answer.ok
          ? [answer.value.items.map(({ filename }) => filename).join(''), answer.value.hasMore]
          : answer.refusal.code;
      };
      const at = (place: number): string => attachments[place]?.id ?? '';
      expect(read({ limit: 2 })).toEqual(['01', true]);
      expect(read({ limit: 2, after: at(1) })).toEqual(['23', true]);
      expect(read({ limit: 2, after: at(3) })).toEqual(['4', false]);
      expect(read({ limit: 2, before: at(3) })).toEqual(['12', true]);
      expect(read({ limit: 2, before: at(2) })).toEqual(['01', false]);
      expect(read({ after: room.newId() })).toBe('validation_error');
      expect(room.room.attachments({ id: room.newId(), page: page() })).toMatchObject({
        ok: false,
        refusal: { code: 'not_found' },
      });
    }));

  test('files go with their mail', () =>
    house((room) => {
      const id = room.accepted(undefined, { attachments: [file(room), file(room)] });
      room.settle(room.claimed(), SENT);
      expect(room.room.removeEmail({ id, now: room.now })).toEqual({
        ok: true,
        value: { id, objects: [KEY] },
      });
      expect(room.sql.exec<{ n: number }>('SELECT COUNT(*) AS n FROM attachments')[0]?.n).toBe(0);
    }));
}

export function upload(room: House, change: Partial<NewUpload> = {}): NewUpload {
  const id = room.newId();
  return {
    id,
    key: `t/default/${id}`,
    filename: 'big.zip',
    contentType: null,
    size: 25,
    sha256: null,
    expiresAt: room.now + HOUR,
    ...change,
  };
}

function admitted(room: House, uploads: readonly string[]): unknown {
  const admission = room.room.admit({ door: OPERATOR, now: room.now, uploads });
  return admission.kind === 'admitted' ? admission.uploads : admission;
}

function uploading(house: LendHouse): void {
  const content = { key: KEY, size: 25, sha256: 'ef'.repeat(32) };

  test('an upload is there from the moment it was promised, with no content yet', () =>
    house((room) => {
      const given = upload(room);
      const record = { ...given, createdAt: room.now, content: null };
      expect(room.room.createUpload({ upload: given, now: room.now })).toEqual(record);
      expect(room.room.upload({ id: given.id })).toEqual(record);
      expect(room.room.upload({ id: room.newId() })).toBeNull();
    }));

  test('admit looks up the uploads that a request names: each known one once', () =>
    house((room) => {
      const [one, other] = [upload(room), upload(room)];
      for (const given of [one, other]) room.room.createUpload({ upload: given, now: room.now });
      expect(admitted(room, [other.id, room.newId(), one.id, other.id])).toMatchObject([
        { id: other.id },
        { id: one.id },
      ]);
      expect(room.room.admit({ door: OPERATOR, now: room.now })).not.toHaveProperty('uploads');
    }));

  test('several mails may use one upload, and all get the copy that the first one took', () =>
    house((room) => {
      const given = upload(room);
      room.room.createUpload({ upload: given, now: room.now });
      const attach = { attachments: [file(room)] };
      room.send([room.email(undefined, attach)], { uploads: [{ id: given.id, content }] });
      expect(room.room.upload({ id: given.id })?.content).toEqual(content);
      const later = { ...content, key: 't/default/later' };
      room.send([room.email(undefined, attach)], { uploads: [{ id: given.id, content: later }] });
      expect(room.room.upload({ id: given.id })?.content).toEqual(content);
    }));

  test('a request that is refused finishes no upload', () =>
    house(
      (room) => {
        const given = upload(room);
        room.room.createUpload({ upload: given, now: room.now });
        const answer = room.send([room.email()], { uploads: [{ id: given.id, content }] });
        expect(answer.kind).toBe('refused');
        expect(room.room.upload({ id: given.id })?.content).toBeNull();
      },
      { domains: [] },
    ));

  test('an upload is swept a day after its end, with what the client put and with the copy', () =>
    house((room) => {
      const given = upload(room);
      room.room.createUpload({ upload: given, now: room.now });
      room.send([room.email([], { envelope: [], attachments: [file(room)] })], {
        uploads: [{ id: given.id, content }],
      });
      room.now = given.expiresAt + DAY - 1;
      expect(sweep(room).objects).toEqual([]);
      room.now += 1;
      // The mail has it still.
      expect(sweep(room)).toEqual({ removed: 1, objects: [given.key] });
      expect(room.room.upload({ id: given.id })).toBeNull();
      room.now += 31 * DAY;
      expect(sweep(room).objects).toContain(KEY);
    }));

  test('a copy that no mail names any more stays for as long as its upload may be named', () =>
    house((room) => {
      const given = upload(room, { expiresAt: room.now + 60 * DAY });
      room.room.createUpload({ upload: given, now: room.now });
      const id = room.email([], { envelope: [], attachments: [file(room)] });
      room.send([id], { uploads: [{ id: given.id, content }] });
      expect(room.room.removeEmail({ id: id.id, now: room.now })).toMatchObject({ value: { objects: [] } });
      room.now = given.expiresAt + DAY;
      expect(sweep(room).objects.toSorted()).toEqual([given.key, KEY].toSorted());
    }));
}

function sweep(room: House): ReturnType<House['room']['sweep']> {
  return room.room.sweep({ now: room.now, limit: 100 });
}
