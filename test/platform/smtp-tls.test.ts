import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../../src/operator/log.ts';
import { openCertificate } from '../../src/platform/node/certificate.ts';
import { type Certificate, type Certificates, certificates } from '../support/certificates.ts';
import type { SmtpCaller } from '../support/smtp-caller.ts';
import { openStage, type Stage } from './smtp-stage.ts';

let folder = '';
let known: Certificates;
let stage: Stage;
let log: Line[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-tls-'));
  known = await certificates();
  await install(known.good);
  log = [];
  stage = await openStage({
    certificate: await openCertificate({ files: files(), log: (line) => log.push(line) }),
  });
});
afterEach(async () => {
  await stage.end();
  await rm(folder, { recursive: true });
});

const files = (): { readonly cert: string; readonly key: string } => ({
  cert: join(folder, 'cert.pem'),
  key: join(folder, 'key.pem'),
});

/** As whoever renews certificates does it: a new file in the place of the old one. */
async function install(pair: Partial<Certificate>): Promise<void> {
  for (const [name, text] of Object.entries(pair)) {
    await writeFile(join(folder, 'new.pem'), text);
    await rename(join(folder, 'new.pem'), join(folder, `${name}.pem`));
  }
}

const NAMED = { servername: 'localhost' };

async function secured(): Promise<SmtpCaller> {
  const one = await stage.call();
  expect(await one.ask('EHLO x.example\r\n')).toContain('250-STARTTLS');
  expect(await one.say('STARTTLS\r\n')).toMatch(/^220 /);
  await one.secure({ ...NAMED, ca: known.ca });
  return one;
}

describe('STARTTLS (RFC 3207)', () => {
  it('is offered with a certificate, once, and mail comes through it', async () => {
    const one = await secured();
    expect((await one.ask('EHLO x.example\r\n')).join()).not.toContain('STARTTLS');
    expect(await one.say('STARTTLS\r\n')).toMatch(/^503 /);
    await stage.toData(one);
    expect(await one.say('Subject: sealed\r\n.\r\n')).toMatch(/^250 2\.0\.0 Kept/);
    expect(stage.came.map(({ raw }) => raw)).toEqual(['Subject: sealed\r\n']);
  });

  it('mail comes without it all the same: refusing it would refuse the mail of old servers', async () => {
    const one = await stage.toData();
    expect(await one.say('x\r\n.\r\n')).toMatch(/^250 /);
  });

  it('threats §2 r5: commands pipelined behind it are dropped, and what was said before is forgotten', async () => {
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('MAIL FROM:<a@b.example>\r\n');
    const injected = 'RCPT TO:<c@here.example>\r\nDATA\r\nSubject: injected\r\n\r\n.\r\n'.repeat(200);
    expect(await one.say(`STARTTLS\r\n${injected}`)).toMatch(/^220 /);
    // The handshake behind them fails or not: nothing of them is ever a command.
    await one.secure({ ...NAMED, ca: known.ca }).catch(() => null);
    expect(await one.say('RCPT TO:<c@here.example>\r\n')).toMatch(/^503 |^closed/);
    expect(stage.came).toEqual([]);
  });

  it('the session starts anew inside: MAIL without EHLO is out of order', async () => {
    const one = await secured();
    expect(await one.say('MAIL FROM:<a@b.example>\r\n')).toMatch(/^503 /);
  });

  it('sessions inside are dismissed at the end like others', async () => {
    const one = await secured();
    await one.say('EHLO x.example\r\n');
    await stage.listener.close(1_000);
    expect(await one.say('')).toMatch(/^421 /);
  });
});

describe('a certificate that is renewed', () => {
  it('is shown to the next caller, without a restart', async () => {
    await install(known.hostOnly);
    const one = await stage.call();
    await one.say('EHLO x.example\r\n');
    await one.say('STARTTLS\r\n');
    const socket = await one.secure({ ...NAMED, ca: known.ca });
    expect(socket.getPeerCertificate().subjectaltname).toBe('DNS:localhost');
  });

  it.each([
    ['half of it', () => install({ cert: known.hostOnly.cert })],
    ['no certificate', () => install({ cert: 'x', key: 'x' })],
    ['no file', () => rm(files().key)],
  ])('but %s is reported, and the one before stays', async (_what, damage) => {
    await damage();
    await secured();
    await secured();
    expect(log).toMatchObject([{ level: 'warn', event: 'certificate_unusable' }]);
    expect(JSON.stringify(log)).not.toContain('PRIVATE KEY');
  });
});

it('files that do not belong together are refused at the start', async () => {
  await install({ key: known.hostOnly.key });
  await expect(openCertificate({ files: files(), log: () => {} })).rejects.toThrow();
});
