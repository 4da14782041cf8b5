/**
 * The program most people write first: Express, and a nodemailer pool that the request waits for. Nothing is durable: the answer
 * says that the relay has the mail.
 *
 *     node bench/rivals/express.ts <port of the relay> <connections>
 */
import type { AddressInfo } from 'node:net';
import { createTransport, type SendMailOptions } from 'nodemailer';

/** As much of Express as is used here. It is no package of the service, and brings no types. */
interface Express {
  use(handler: unknown): void;
  post(path: string, handler: (request: { body: unknown }, response: Answer) => Promise<void>): void;
  listen(port: number, host: string, done: () => void): { address(): AddressInfo };
}
interface Answer {
  json(body: unknown): void;
}
type ExpressModule = { readonly default: (() => Express) & { json(): unknown } };

const [port, connections] = process.argv.slice(2).map(Number);
const name = 'express';
const { default: express } = (await import(name)) as ExpressModule;
const transport = createTransport({
  pool: true,
  host: '127.0.0.1',
  port: port ?? 0,
  maxConnections: connections ?? 1,
  maxMessages: Number.POSITIVE_INFINITY,
  ignoreTLS: true,
});
const app = express();
app.use(express.json());
app.post('/emails', async (request, response) => {
  const sent = await transport.sendMail(request.body as SendMailOptions);
  response.json({ id: sent.messageId });
});
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address().port));
process.on('disconnect', () => process.exit(0));
