import { expect, it } from 'vitest';
import { House } from '../support/house.ts';

const HOUR_MS = 3_600_000;

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
