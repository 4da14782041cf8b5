/**
 * A queue that lasts, and a nodemailer pool behind it: Hono, one row in SQLite with synchronous=FULL (requests that wait share a
 * commit), a worker that takes what waits, and a second write when the relay has it.
 *
 *     node bench/rivals/queue.ts <port of the relay> <connections>
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createTransport, type SendMailOptions } from 'nodemailer';

const [port = 0, connections = 1] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'mailwright-bench-'));
const database = new DatabaseSync(join(folder, 'queue.db'));
database.exec('PRAGMA journal_mode = WAL');
database.exec('PRAGMA synchronous = FULL');
database.exec(
  'CREATE TABLE mails (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT NOT NULL, state TEXT NOT NULL) STRICT',
);
database.exec("CREATE INDEX waiting ON mails (seq) WHERE state = 'queued'");
const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');
const insert = database.prepare("INSERT INTO mails (id, body, state) VALUES (?, ?, 'queued')");
const due = database.prepare(
  "SELECT seq, body FROM mails WHERE state = 'queued' AND seq > ? ORDER BY seq LIMIT ?",
);
const finish = database.prepare("UPDATE mails SET state = 'sent' WHERE seq = ?");

const writes: { readonly run: () => void; readonly done: () => void }[] = [];
function write(run: () => void): Promise<void> {
  return new Promise((done) => {
    if (writes.length === 0) setImmediate(flush);
    writes.push({ run, done });
  });
}
function flush(): void {
  const group = writes.splice(0);
  begin.run();
  for (const { run } of group) run();
  commit.run();
  for (const { done } of group) done();
}

const transport = createTransport({
  pool: true,
  host: '127.0.0.1',
  port,
  maxConnections: connections,
  maxMessages: Number.POSITIVE_INFINITY,
  ignoreTLS: true,
});
let underWay = 0;
let last = 0;
function work(): void {
  const free = 2 * connections - underWay;
  if (free <= 0) return;
  for (const { seq, body } of due.all(last, free) as unknown as { seq: number; body: string }[]) {
    last = seq;
    underWay += 1;
    void carry(seq, JSON.parse(body) as SendMailOptions);
  }
}
async function carry(seq: number, mail: SendMailOptions): Promise<void> {
  await transport.sendMail(mail);
  underWay -= 1;
  work();
  await write(() => finish.run(seq));
}

const app = new Hono();
app.post('/emails', async (c) => {
  const body = await c.req.text();
  JSON.parse(body);
  const id = crypto.randomUUID();
  await write(() => insert.run(id, body));
  setImmediate(work);
  return c.json({ id });
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address: AddressInfo) =>
  process.send?.(address.port),
);
process.on('SIGTERM', () => process.exit(0));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => process.exit(0));
