import { describe, expect, test } from 'vitest';
import { lastEvent, type Standing } from '../../src/mailroom/last-event.ts';

const BASE: Standing = {
  state: 'queued',
  finished: false,
  bounced: false,
  feedback: null,
  claimedBefore: false,
};
const queued = BASE;
const returned = { ...BASE, claimedBefore: true };
const deferred: Standing = { ...BASE, state: 'deferred' };
const waiting: Standing = { ...BASE, state: 'unknown' };
const done = { ...BASE, finished: true };
const sent: Standing = { ...done, state: 'sent' };
const delivered: Standing = { ...sent, feedback: 'delivered' };
const opened: Standing = { ...sent, feedback: 'opened' };
const clicked: Standing = { ...sent, feedback: 'clicked' };
const complained: Standing = { ...sent, feedback: 'complained' };
const bouncedLater: Standing = { ...sent, feedback: 'bounced' };
const bounced: Standing = { ...done, state: 'failed', bounced: true };
const failed: Standing = { ...done, state: 'failed' };
const unknown: Standing = { ...done, state: 'unknown' };
const suppressed: Standing = { ...done, state: 'suppressed' };
const canceled: Standing = { ...done, state: 'canceled' };

describe('the last event of a mail', () => {
  test.each<[string, readonly Standing[]]>([
    ['queued', [queued]],
    ['queued', [queued, sent]],
    ['queued', [queued, bounced, complained]],
    ['delivery_delayed', [deferred]],
    ['delivery_delayed', [waiting, sent]],
    ['delivery_delayed', [queued, deferred, bounced]],
    ['sent', [sent]],
    ['sent', [sent, sent]],
    ['delivered', [sent, delivered]],
    ['opened', [delivered, opened, sent]],
    ['clicked', [opened, clicked]],
    ['canceled', [clicked, canceled]],
    ['suppressed', [canceled, suppressed, sent]],
    ['failed', [suppressed, failed]],
    ['failed', [sent, unknown]],
    ['bounced', [failed, bounced]],
    ['bounced', [sent, bouncedLater]],
    ['complained', [bounced, complained]],
  ])('is %s for row %#', (word, recipients) => {
    expect(lastEvent({ scheduled: false, recipients })).toBe(word);
  });

  test('a mail put off to later is scheduled, until it comes back from its first claim', () => {
    expect(lastEvent({ scheduled: true, recipients: [queued, suppressed] })).toBe('scheduled');
    expect(lastEvent({ scheduled: true, recipients: [returned] })).toBe('queued');
    expect(lastEvent({ scheduled: true, recipients: [deferred] })).toBe('delivery_delayed');
    expect(lastEvent({ scheduled: true, recipients: [sent] })).toBe('sent');
  });
});
