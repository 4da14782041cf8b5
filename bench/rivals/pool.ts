/**
 * The usual program: a nodemailer pool. Told what to send and how many; answers the milliseconds it took.
 *
 *     node bench/rivals/pool.ts <port> <connections> <count> <compose|bytes>
 */
import { once } from 'node:events';
import { createTransport } from 'nodemailer';
import MailComposer from 'nodemailer/lib/mail-composer';
import { ALTERNATIVE_5K } from '../mails.ts';

const [port = '', connections = '', count = '', how] = process.argv.slice(2);
const transport = createTransport({
  pool: true,
  host: '127.0.0.1',
  port: Number(port),
  maxConnections: Number(connections),
  maxMessages: Number.POSITIVE_INFINITY,
  ignoreTLS: true,
});
const ready = await new MailComposer(ALTERNATIVE_5K).compile().build();
const envelope = { from: 'orders@shop.example', to: ['ada@customer.example'] };
const mail = (): object => (how === 'bytes' ? { envelope, raw: ready } : { ...ALTERNATIVE_5K });

/** As the pool asks for it: a queue of thousands of promises would be another program. */
async function send(most: number): Promise<void> {
  let left = most;
  await Promise.all(
    Array.from({ length: 2 * Number(connections) }, async () => {
      while (left-- > 0) await transport.sendMail(mail());
    }),
  );
}

process.send?.('ready');
await once(process, 'message');
// The first fifth warms up.
const warm = Math.ceil(Number(count) / 5);
await send(warm);
const began = performance.now();
const before = process.cpuUsage();
await send(Number(count) - warm);
const { user, system } = process.cpuUsage(before);
const counted = Number(count) - warm;
const ms = performance.now() - began;
process.send?.({ perSecond: (counted * 1_000) / ms, cpuMs: (user + system) / 1_000 / counted }, () =>
  process.exit(0),
);
