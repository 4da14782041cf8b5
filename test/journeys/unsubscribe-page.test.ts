import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, openPage, type Page } from './browser.ts';
import { type SdkService, startForSdk } from './sdk-service.ts';

const ADDRESS = 'ada@people.example';

describe.skipIf(CHROMIUM === undefined)('the link of a mail that was sent with `unsubscribe`', () => {
  let service: SdkService;
  let page: Page;
  beforeAll(async () => {
    service = await startForSdk();
    page = await openPage();
  }, 40_000);
  afterAll(async () => {
    await page.close();
    await service.stop();
  });

  const call = async (path: string, body?: object) => {
    const response = await fetch(service.url + path, {
      headers: { authorization: `Bearer ${service.key}` },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to be there
    return (await response.json()) as any;
  };
  const suppressed = async () => (await call('/suppressions')).data;

  test('shows a page in a real browser, and its button takes the address off the list', async () => {
    await call('/emails', {
      from: 'me@mine.example',
      to: ADDRESS,
      subject: 'News',
      text: 'News.',
      unsubscribe: true,
    });
    const [message = ''] = await service.caught(1);
    const link = /^List-Unsubscribe:\s*<([^>]+)>/im.exec(message.replace(/\r\n[ \t]+/g, ''))?.[1] ?? '';
    expect(link).toContain('/unsubscribe/');

    await page.open(link);
    expect(await page.text()).toContain('Unsubscribe?');
    expect(await page.text()).toContain(ADDRESS);
    expect(await suppressed()).toEqual([]);

    await page.press('button');
    expect(await page.text()).toContain('You are unsubscribed');
    expect(await page.address()).toBe(link);
    expect(await suppressed()).toMatchObject([{ email: ADDRESS, origin: 'manual' }]);
    // Nothing that its policy stopped, and nothing it wanted that was not there.
    expect(page.complaints.filter((text) => !text.includes('favicon'))).toEqual([]);

    const again = await call('/emails', { from: 'me@mine.example', to: ADDRESS, subject: 'x', text: 'x' });
    await expect
      .poll(async () => (await call(`/emails/${again.id}`)).last_event, { timeout: 10_000 })
      .toBe('suppressed');
    expect(service.log()).not.toContain(link.slice(-20));
  }, 40_000);
});
