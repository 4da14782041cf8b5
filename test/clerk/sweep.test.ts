import { describe, expect, it } from 'vitest';
import { sweep } from '../../src/clerk/sweep.ts';
import { StoreUnavailable } from '../../src/objects/store.ts';
import { House } from '../support/house.ts';
import { fileRecord, storedFile } from '../support/stored-file.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

it('what is past its retention goes, with its objects; what is younger stays', async () => {
  const house = new House({ config: { retentionMs: 5 * HOUR_MS } });
  await house.objects.put('t/default/old', Buffer.from('{"html":null,"text":"x"}'), { contentType: null });
  await house.objects.put('t/default/new', Buffer.from('{"html":null,"text":"y"}'), { contentType: null });
  const old = house.accept({ content: { kind: 'object', key: 't/default/old' }, objects: ['t/default/old'] });
  await house.until(() => house.states(old)[0] === 'sent');
  await house.clock.advance(4 * HOUR_MS);
  const young = house.accept({
    content: { kind: 'object', key: 't/default/new' },
    objects: ['t/default/new'],
  });
  await house.until(() => house.states(young)[0] === 'sent');
  expect(house.states(old)).toEqual(['sent']);
  await house.clock.advance(2.5 * HOUR_MS);
  expect(house.mailroom().email({ id: old })).toBeNull();
  expect(house.objects.keys()).toEqual(['t/default/new']);
  expect(house.states(young)).toEqual(['sent']);
});

describe('files', () => {
  it('go with the last mail that has them, and not before', async () => {
    const house = new House({ config: { retentionMs: 5 * HOUR_MS } });
    const shared = await storedFile(house.objects, 'shared');
    const own = await storedFile(house.objects, 'own');
    const old = house.accept({ attachments: [shared, own] });
    await house.until(() => house.states(old)[0] === 'sent');
    await house.clock.advance(4 * HOUR_MS);
    const young = house.accept({ attachments: [shared] });
    await house.until(() => house.states(young)[0] === 'sent');
    await house.clock.advance(2.5 * HOUR_MS);
    expect(house.objects.keys()).toEqual([shared.key]);
    await house.clock.advance(4 * HOUR_MS);
    expect(house.objects.keys()).toEqual([]);
  });

  it('of a mail that is not finished are never deleted, however old it is', async () => {
    const house = new House({ config: { retentionMs: HOUR_MS, maxAgeMs: 90 * DAY_MS } });
    const file = await storedFile(house.objects, 'waits');
    const scheduledAt = house.clock.now() + 40 * DAY_MS;
    const id = house.accept({ attachments: [file], scheduledAt });
    for (let day = 0; day < 39; day++) await sweepOf(house);
    house.clock.jump(39 * DAY_MS);
    await sweepOf(house);
    expect([house.states(id), house.objects.keys()]).toEqual([['queued'], [file.key]]);
  });

  it('threats §12 r5: that were stored and never named by a mail are swept a day after they were put', async () => {
    const house = new House();
    const stray = await storedFile(house.objects, 'no mail came');
    const kept = await storedFile(house.objects, 'a mail came');
    await house.objects.put('t/other/stray', Buffer.from('of another account'), { contentType: null });
    house.accept({ attachments: [kept] });
    house.clock.jump(DAY_MS - 1);
    await sweepOf(house);
    expect(house.objects.keys()).toContain(stray.key);
    house.clock.jump(1);
    await sweepOf(house);
    expect(house.objects.keys().toSorted()).toEqual([kept.key, 't/other/stray'].toSorted());
  });

  it('that were stored again since they were seen, for a mail to come, stay', async () => {
    const house = new House();
    const file = await storedFile(house.objects, 'again');
    house.clock.jump(DAY_MS);
    await storedFile(house.objects, 'again');
    await sweepOf(house);
    expect(house.objects.keys()).toEqual([file.key]);
  });

  it('are looked for once a day, and every day', async () => {
    const house = new House();
    let looked = 0;
    const { list } = house.objects;
    house.objects.list = (prefix) => {
      looked += 1;
      return list(prefix);
    };
    await house.clerk.start();
    await house.clock.advance(3 * DAY_MS);
    expect(looked).toBe(4);
  });
});

describe('a sweep that is cut off', () => {
  it('by a store that is down loses nothing and leaves nothing: the next one goes on', async () => {
    const house = new House({ config: { retentionMs: HOUR_MS } });
    const files = await Promise.all(['a', 'b', 'c'].map((content) => storedFile(house.objects, content)));
    const id = house.accept({ attachments: files });
    await house.until(() => house.states(id)[0] === 'sent');
    house.clock.jump(2 * HOUR_MS);
    const { delete: remove } = house.objects;
    let deletions = 0;
    house.objects.delete = async (key) => {
      deletions += 1;
      if (deletions > 1) throw new StoreUnavailable('down');
      await remove(key);
    };
    await expect(sweepOf(house)).rejects.toThrow('down');
    expect(house.objects.keys()).toHaveLength(2);
    house.objects.delete = remove;
    await sweepOf(house);
    expect(house.objects.keys(), 'somebody may still be at it').toHaveLength(2);
    house.clock.jump(HOUR_MS);
    await sweepOf(house);
    expect(house.objects.keys()).toEqual([]);
  });

  it('between the rows and the objects, by the end of the process: the same', async () => {
    const house = new House({ config: { retentionMs: HOUR_MS } });
    const file = await storedFile(house.objects, 'a');
    const id = house.accept({ attachments: [file] });
    await house.until(() => house.states(id)[0] === 'sent');
    house.clock.jump(2 * HOUR_MS);
    const { objects } = house.mailroom().sweep({ now: house.clock.now(), limit: 100 });
    expect(objects).toEqual([file.key]);
    house.clock.jump(HOUR_MS);
    await sweepOf(house);
    expect(house.objects.keys()).toEqual([]);
  });

  it('deletes nothing any more that was given up ten minutes ago: by then the room may think otherwise', async () => {
    const house = new House({ config: { retentionMs: HOUR_MS } });
    const files = await Promise.all(['a', 'b'].map((content) => storedFile(house.objects, content)));
    const id = house.accept({ attachments: files });
    await house.until(() => house.states(id)[0] === 'sent');
    house.clock.jump(2 * HOUR_MS);
    const { delete: remove } = house.objects;
    house.objects.delete = async (key) => {
      await remove(key);
      house.clock.jump(11 * 60_000);
    };
    await sweepOf(house);
    expect(house.objects.keys()).toHaveLength(1);
  });
});

it('a mail whose file is being deleted is refused at the door, and accepted when it is stored again', async () => {
  const house = new House();
  const file = await storedFile(house.objects, 'a');
  const id = house.accept({ attachments: [file] });
  await house.until(() => house.states(id)[0] === 'sent');
  expect(house.mailroom().removeEmail({ id, now: house.clock.now() })).toMatchObject({
    value: { objects: [file.key] },
  });
  await house.objects.delete(file.key);
  expect(() => house.accept({ attachments: [fileRecord('a')] })).toThrow('being deleted');
  house.mailroom().objectsDeleted({ keys: [file.key], now: house.clock.now() });
  house.clock.jump(1);
  const again = house.accept({ attachments: [await storedFile(house.objects, 'a')] });
  await house.until(() => house.states(again)[0] === 'sent');
});

async function sweepOf(house: House): Promise<void> {
  const room = await house.room('default');
  if (room === null) throw new Error('no room');
  const { objects, host } = house;
  await sweep({ account: 'default', room, objects, host, signal: new AbortController().signal, sweptAt: 0 });
}
