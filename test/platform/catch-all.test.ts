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
    clock: () => 0,
    newId: () => `id-${nth++}`,
  });
});
afterEach(async () => {
  await catchAll.close();
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
  await new Promise<void>((resolve) => {
    const socket = connect(catchAll.port, catchAll.host);
    socket.on('close', () => resolve());
    socket.on('data', (text) => {
      if (String(text).startsWith('354')) socket.end('Subject: half\r\n\r\nand then');
    });
    socket.write('EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n');
  });
  await catchAll.close();
  expect(await readdir(catchAll.folder)).toEqual([]);
});
