import { DatabaseSync } from 'node:sqlite';

/** Written by SQL alone: through the room two million mails would take an hour. Finished mails, one recipient and two events each. */
const MOST_RECIPIENTS = 50_000;
/** At least so many mails each, so that a list by recipient is as long at every size. */
const MAILS_EACH = 20;
const BODY = 'The text of a mail that was sent long ago. '.repeat(8);
const HEAD = JSON.stringify({
  from: { name: 'Shop', address: 'orders@shop.example', given: 'Shop <orders@shop.example>' },
  to: [{ name: '', address: 'ada@customer.example', given: 'ada@customer.example' }],
  cc: null,
  bcc: null,
  replyTo: null,
  headers: [],
  tags: null,
});
const PAYLOAD = JSON.stringify({ type: 'email.sent', data: { subject: 'Your order' } });
const SMTP = JSON.stringify({
  code: 250,
  enhancedCode: '2.0.0',
  response: 'Ok',
  remoteHost: null,
  tls: null,
});
/** Ids that sort by time as a version 7 UUID does. */
const ID = `printf('%08x-%04x-7000-8000-00000000%s', i / 65536, i % 65536, `;

/**
 * Fills the database of a room whose tables are there. Mail `i` was accepted at millisecond `i`.
 *
 * @param webhook its place in the table; each mail has a delivery to it that was answered.
 */
export function storeMails(path: string, count: number, webhook: number): void {
  const database = new DatabaseSync(path);
  for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', 'cache_size = -1000000'])
    database.exec(`PRAGMA ${pragma}`);
  database.exec('BEGIN');
  const every = `WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${count})`;
  const recipients = Math.min(MOST_RECIPIENTS, count / MAILS_EACH);
  const address = `printf('reader%d@customer.example', i % ${recipients})`;
  const run = (statement: string, ...values: string[]): void => {
    database.prepare(statement).run(...values);
  };
  run(
    `INSERT INTO emails (seq, id, created_at, date, message_id, boundary, sender, from_domain, subject, head,
       composed_version, composed_sha256, composed_size)
     ${every} SELECT i, ${ID}'0001'), i, i, '<' || ${ID}'0001') || '@shop.example>', '0123456789abcdef', 'orders@shop.example',
       'shop.example', 'Your order ' || i, ?, 1, '00', 1000 FROM numbers`,
    HEAD,
  );
  run(`INSERT INTO bodies (email, text) ${every} SELECT i, ? FROM numbers`, BODY);
  run(
    `INSERT INTO recipients (email, ordinal, address, state, lane, first_due_at, relay, attempts, claims, smtp)
     ${every} SELECT i, 0, ${address}, 'sent', 'any:', i, 'bench', 1, 1, ? FROM numbers`,
    SMTP,
  );
  const events = [
    ['email.queued', '0002', 0],
    ['email.sent', '0003', 1],
  ] as const;
  for (const [type, mark, attempt] of events)
    run(
      `INSERT INTO events (id, type, created_at, email, recipient, attempt, maybe_duplicate, smtp)
       ${every} SELECT ${ID}'${mark}'), '${type}', i, i, ${address}, ${attempt}, 0, ? FROM numbers`,
      SMTP,
    );
  run(
    `INSERT INTO webhook_messages (seq, id, type, created_at, payload)
     ${every} SELECT i, 'msg_' || i, 'email.sent', i, ? FROM numbers`,
    PAYLOAD,
  );
  run(
    `INSERT INTO webhook_deliveries (webhook, message, status, attempts)
     ${every} SELECT ${webhook}, i, 'delivered', 1 FROM numbers`,
  );
  run(
    `INSERT INTO webhook_attempts (id, webhook, message, status_code, response, sent_at)
     ${every} SELECT 'att_' || i, ${webhook}, i, 200, '', i FROM numbers`,
  );
  database.exec('COMMIT');
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
}
