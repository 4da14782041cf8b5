/**
 * The floor under accepting: Hono, Zod, and one row in SQLite for each mail with synchronous=FULL. Requests that wait share a
 * commit. No keys, no recipients, no events, no idempotency: as fast as a durable answer can be with the same parts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import * as z from 'zod';

const mail = z.object({
  from: z.string().max(320),
  to: z.union([z.string(), z.array(z.string()).max(50)]),
  subject: z.string().max(998),
  text: z.string().optional(),
  html: z.string().optional(),
});

const folder = mkdtempSync(join(tmpdir(), 'mailwright-bench-'));
const database = new DatabaseSync(join(folder, 'floor.db'));
database.exec('PRAGMA journal_mode = WAL');
database.exec('PRAGMA synchronous = FULL');
database.exec('PRAGMA wal_autocheckpoint = 4000');
database.exec('CREATE TABLE mails (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT');
const begin = database.prepare('BEGIN IMMEDIATE');
const commit = database.prepare('COMMIT');
const insert = database.prepare('INSERT INTO mails (id, body) VALUES (?, ?)');
const queue: { readonly rows: readonly (readonly [string, string])[]; readonly done: () => void }[] = [];

function flush(): void {
  const group = queue.splice(0);
  begin.run();
  for (const { rows } of group) for (const [id, body] of rows) insert.run(id, body);
  commit.run();
  for (const { done } of group) done();
}

function store(mails: readonly z.infer<typeof mail>[]): Promise<readonly string[]> {
  const rows = mails.map((one) => [crypto.randomUUID(), JSON.stringify(one)] as const);
  return new Promise((resolve) => {
    if (queue.length === 0) setImmediate(flush);
    queue.push({ rows, done: () => resolve(rows.map(([id]) => id)) });
  });
}

const app = new Hono();
app.post('/emails', async (c) => {
  const read = mail.safeParse(await c.req.json());
  if (!read.success) return c.json({ message: 'no mail' }, 422);
  const [id] = await store([read.data]);
  return c.json({ id });
});
app.post('/emails/batch', async (c) => {
  const read = z
    .array(mail)
    .max(100)
    .safeParse(await c.req.json());
  if (!read.success) return c.json({ message: 'no mails' }, 422);
  return c.json({ data: (await store(read.data)).map((id) => ({ id })) });
});

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address: AddressInfo) =>
  process.send?.(address.port),
);
process.on('SIGTERM', () => {
  server.close();
  process.exit(0);
});
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => process.exit(0));
