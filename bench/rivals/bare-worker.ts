/** The floor under accepting in workerd: Hono, and one row in the SQLite of a Durable Object. */
import { DurableObject } from 'cloudflare:workers';
import { Hono } from 'hono';

interface Bindings {
  readonly ROW: DurableObjectNamespace<Row>;
}

export class Row extends DurableObject<Bindings> {
  readonly #sql = this.ctx.storage.sql;

  constructor(context: DurableObjectState, env: Bindings) {
    super(context, env);
    this.#sql.exec('CREATE TABLE IF NOT EXISTS mails (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT');
  }

  store(id: string, body: string): void {
    this.#sql.exec('INSERT INTO mails (id, body) VALUES (?, ?)', id, body);
  }
}

const app = new Hono<{ Bindings: Bindings }>();
app.get('/health', (c) => c.json({ status: 'ok' }));
app.post('/emails', async (c) => {
  const body = await c.req.text();
  JSON.parse(body);
  const id = crypto.randomUUID();
  await c.env.ROW.getByName('default').store(id, body);
  return c.json({ id });
});

// biome-ignore lint/style/noDefaultExport: the form of a Worker
export default app;
