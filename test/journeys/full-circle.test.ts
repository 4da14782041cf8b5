import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPython } from '../mime/python-email.ts';
import { certificates } from '../support/certificates.ts';
import { Place } from '../support/place.ts';
import type { Running } from '../support/process.ts';
import { callSmtp } from '../support/smtp-caller.ts';
import { Receiver } from './receiver.ts';

/** A mail is read behind its acknowledgement: with the first one, the reader itself is loaded. */
const READ_WITHIN = { timeout: 20_000 };

interface Mail {
  readonly id: string;
  readonly subject: string;
  readonly text: string | null;
  readonly received_for: readonly string[];
  readonly raw: { readonly download_url: string };
  readonly attachments: readonly { readonly id: string; readonly filename: string }[];
  readonly parse: string;
}

let place: Place;
beforeEach(async () => {
  place = await Place.open();
});
afterEach(() => place.close());

async function call<T>(one: Running, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${one.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${one.key ?? ''}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(answer.status, `${path}: ${await answer.clone().text()}`).toBeLessThan(300);
  return (await answer.json()) as T;
}

/** The one mail that has come, read in full. */
async function received(one: Running): Promise<Mail> {
  let found: Mail | null = null;
  await expect
    .poll(async () => {
      const { data } = await call<{ readonly data: readonly { readonly id: string }[] }>(
        one,
        '/emails/receiving',
      );
      const [first] = data;
      if (data.length !== 1 || first === undefined) return 'none';
      found = await call<Mail>(one, `/emails/receiving/${first.id}`);
      return found.parse;
    }, READ_WITHIN)
    .toBe('full');
  if (found === null) throw new Error('It was there a moment ago');
  return found;
}

async function bytesAt(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

const portOf = (one: Running): number => Number(/receives mail on \S+:(\d+)/.exec(one.stdout())?.[1]);

describe('the full circle', () => {
  it('without any configuration a mail that is sent comes back as a received one, byte for byte', async () => {
    const one = await place.start({}, 'npm');
    await call(one, '/emails', {
      from: 'You <you@example.com>',
      to: 'friend@example.org',
      subject: '\uc548\ub155\ud558\uc138\uc694',
      text: 'It comes back.',
      attachments: [{ filename: '\ud55c\uae00.txt', content: Buffer.from('a file').toString('base64') }],
    });
    const mail = await received(one);
    expect(mail).toMatchObject({
      subject: '\uc548\ub155\ud558\uc138\uc694',
      received_for: ['friend@example.org'],
      attachments: [{ filename: '\ud55c\uae00.txt' }],
    });
    expect(mail.text?.trim()).toBe('It comes back.');
    const folder = join(place.dataDir, 'caught');
    const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.eml'));
    const raw = await bytesAt(mail.raw.download_url);
    expect(raw.equals(await readFile(join(folder, name)))).toBe(true);
    const files = await call<{ readonly data: readonly { readonly download_url: string }[] }>(
      one,
      `/emails/receiving/${mail.id}/attachments`,
    );
    expect(String(await bytesAt(files.data[0]?.download_url ?? ''))).toBe('a file');
  });

  it('and is told to a webhook, in a call that verifies', async () => {
    const receiver = new Receiver();
    await receiver.up();
    const one = await place.start({ EGRESS_ALLOW: '127.0.0.1' });
    const { signing_secret: secret } = await call<{ readonly signing_secret: string }>(one, '/webhooks', {
      endpoint: receiver.url,
      events: ['email.received'],
    });
    await call(one, '/emails', {
      from: 'you@example.com',
      to: 'friend@example.org',
      subject: 'Hello',
      text: 'x',
    });
    const { id } = await received(one);
    const { body, headers } = await receiver.told('email.received', id);
    expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({
      type: 'email.received',
      data: { email_id: id, subject: 'Hello', to: ['friend@example.org'] },
    });
    await receiver.down();
  });
});

describe('the listener of SMTP_PORT', () => {
  it('takes mail for the domains that are named, with STARTTLS, and none for others', async () => {
    const { ca, good } = await certificates();
    const [cert, key] = [join(place.dataDir, 'cert.pem'), join(place.dataDir, 'key.pem')];
    await Promise.all([writeFile(cert, good.cert), writeFile(key, good.key)]);
    const one = await place.start({
      SMTP_PORT: '0',
      SMTP_HOST: '127.0.0.1',
      SMTP_TLS_CERT: cert,
      SMTP_TLS_KEY: key,
      RECEIVING_DOMAINS: 'here.example',
    });
    const caller = await callSmtp({ host: '127.0.0.1', port: portOf(one) });
    await caller.say('EHLO x.example\r\n');
    await caller.say('STARTTLS\r\n');
    await caller.secure({ ca, servername: 'localhost' });
    await caller.say('EHLO x.example\r\n');
    await caller.say('MAIL FROM:<a@b.example>\r\n');
    expect(await caller.say('RCPT TO:<c@elsewhere.example>\r\n')).toMatch(/^550 5\.7\.1 /);
    expect(await caller.say('RCPT TO:<c+tag@here.example>\r\n')).toMatch(/^250 /);
    await caller.say('DATA\r\n');
    const reply = await caller.say('From: a@b.example\r\nSubject: Sealed\r\n\r\nHello.\r\n.\r\n');
    const mail = await received(one);
    expect(reply).toBe(`250 2.0.0 Kept as ${mail.id}`);
    expect(mail).toMatchObject({ subject: 'Sealed', received_for: ['c+tag@here.example'] });
    expect(await readdir(join(place.dataDir, 'caught')), 'nothing was sent').toEqual([]);
  });

  it.skipIf(!hasPython)('takes a mail of Python with Korean names and a file, byte for byte', async () => {
    const one = await place.start({ SMTP_PORT: '0' });
    const sent = join(place.dataDir, 'sent.eml');
    await promisify(execFile)('python3', ['-c', PYTHON, String(portOf(one)), sent], { timeout: 20_000 });
    const mail = await received(one);
    expect(mail).toMatchObject({
      subject: '\uc8fc\ubb38 \ud655\uc778',
      attachments: [{ filename: '\uc601\uc218\uc99d.pdf' }],
    });
    expect((await bytesAt(mail.raw.download_url)).equals(await readFile(sent))).toBe(true);
  });

  it('a mail that was acknowledged is there after a kill, and once when its sender missed the reply', async () => {
    const settings = { SMTP_PORT: '0', API_KEY: 'operator-key-of-this-journey' };
    const deliver = async (one: Running): Promise<string> => {
      const caller = await callSmtp({ host: '127.0.0.1', port: portOf(one) });
      for (const line of ['EHLO x.example', 'MAIL FROM:<>', 'RCPT TO:<c@d.example>', 'DATA']) {
        await caller.say(`${line}\r\n`);
      }
      return caller.say('Subject: Killed\r\n\r\nx\r\n.\r\n');
    };
    const one = await place.start(settings);
    const reply = await deliver(one);
    expect(reply).toMatch(/^250 /);
    await one.end('SIGKILL');
    const two = await place.start(settings);
    expect(await deliver(two), 'the same mail, by its id').toBe(reply);
    const answer = await fetch(`${two.url}/emails/receiving`, {
      headers: { authorization: `Bearer ${settings.API_KEY}` },
    });
    const { data } = (await answer.json()) as { readonly data: readonly unknown[] };
    expect(data).toMatchObject([{ subject: 'Killed' }]);
  });

  it.each([
    [
      { SMTP_PORT: '25', RELAY_URL: 'smtp://127.0.0.1:9?tls=none', DOMAINS: 'a.example' },
      /RECEIVING_DOMAINS/,
    ],
    [
      { SMTP_PORT: '0', SMTP_TLS_CERT: '/nowhere.pem', SMTP_TLS_KEY: '/nowhere.pem' },
      /SMTP_TLS_CERT .* cannot be used/,
    ],
  ] as const)('a start that cannot be is said in words: %j', async (settings, words) => {
    await expect(place.start(settings)).rejects.toThrow(words);
  });
});

const PYTHON = `
import smtplib, sys
from email.message import EmailMessage
from email.policy import SMTP
mail = EmailMessage()
mail['From'] = '김철수 <kim@sender.example>'
mail['To'] = '이영희 <lee@here.example>'
mail['Subject'] = '주문 확인'
mail.set_content('주문이 접수되었습니다.\\n.점으로 시작하는 줄\\n')
mail.add_attachment(b'%PDF-1.4 file', maintype='application', subtype='pdf', filename='영수증.pdf')
raw = mail.as_bytes(policy=SMTP)
open(sys.argv[2], 'wb').write(raw)
with smtplib.SMTP('127.0.0.1', int(sys.argv[1])) as server:
    server.sendmail('kim@sender.example', ['lee@here.example'], raw)
`;
