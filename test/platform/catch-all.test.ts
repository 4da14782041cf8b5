import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CatchAll } from '../../src/platform/node/catch-all.ts';
import { openCatchAll } from '../../src/platform/node/catch-all.ts';

let folder = '';
let catchAll: CatchAll;
let nth = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-caught-'));
  catchAll = await openCatchAll({
    folder: join(folder, 'caught'),
    account: 'default',
    circle: () => null,
    log: () => {},
    clock: () => 0,
    newId: () => `id-${nth++}`,
  });
});
afterEach(async () => {
  await catchAll.close(0);
  await rm(folder, { recursive: true });
});

function send(envelope: { from: string; to: string[] }, message: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = new SMTPConnection({ host: catchAll.host, port: catchAll.port, ignoreTLS: true });
    connection.once('error', reject);
    connection.connect(() => {
      connection.send(envelope, message, (cause, info) => {
        connection.quit();
        if (cause) reject(cause);
        else resolve(info);
      });
    });
  });
}

it('a message is kept as it came, under a name that ends in .eml, whoever sends it to whomever', async () => {
  const message = 'From: a@nowhere.example\r\nSubject: x\r\n\r\n.dot\r\n..\r\nend\r\n';
  await send({ from: 'a@nowhere.example', to: ['b@elsewhere.example', 'c@third.example'] }, message);
  const [name = ''] = await readdir(catchAll.folder);
  expect(name).toMatch(/^1970-01-01T00-00-00-000Z-id-\d+\.eml$/);
  expect(await readFile(join(catchAll.folder, name), 'latin1')).toBe(message);
});

it('it listens on loopback only', () => {
  expect(catchAll.host).toBe('127.0.0.1');
});

it('a message that breaks off is not kept', async () => {
  const socket = connect(catchAll.port, catchAll.host);
  const lines = [
    'EHLO x',
    'MAIL FROM:<a@b.example>',
    'RCPT TO:<c@d.example>',
    'DATA',
    'Subject: half\r\n\r\nand then',
  ];
  // Each line after the last line of the reply before it: who talks too soon is cut off.
  socket.on('data', (text) => {
    if (/^\d{3} /m.test(String(text))) socket.write(`${lines.shift() ?? ''}\r\n`);
  });
  await expect
    .poll(() => readdir(catchAll.folder), { timeout: 10_000 })
    .toEqual([expect.stringMatching(/\.eml\.part$/)]);
  socket.destroy();
  await expect.poll(() => readdir(catchAll.folder), { timeout: 10_000 }).toEqual([]);
});
