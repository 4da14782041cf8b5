import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Certificate } from './certificates.ts';

/** One message the sink has taken: answered by 250, so it is the sink's now. */
export interface SunkMessage {
  readonly sender: string;
  readonly recipients: readonly string[];
  /** The bytes between DATA and the dot, dots undoubled, as a byte string. */
  readonly raw: string;
  /** `Message-ID` of the header, with its brackets; '' without one. */
  readonly messageId: string;
  readonly user: string | null;
  readonly secure: boolean;
}

/** A well-behaved server that takes everything and keeps a ledger. An implementation that is not ours. */
export interface SmtpSink {
  readonly port: number;
  readonly messages: readonly SunkMessage[];
  readonly connections: number;
  /** Copies of each Message-ID and recipient, as `id recipient`: more than 1 is a duplicate. */
  ledger(): ReadonlyMap<string, number>;
  /** Resolves when so many messages have been taken. */
  taken(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startSmtpSink(
  options: {
    readonly security?: 'none' | 'starttls' | 'implicit';
    readonly certificate?: Certificate;
    readonly credentials?: { readonly user: string; readonly pass: string };
    readonly server?: SMTPServerOptions;
  } = {},
): Promise<SmtpSink> {
  const messages: SunkMessage[] = [];
  const waiting = new Set<{ readonly count: number; readonly resolve: () => void }>();
  const { security = 'none', credentials } = options;
  let connections = 0;

  const server = new SMTPServer({
    secure: security === 'implicit',
    ...(options.certificate ?? {}),
    logger: false,
    disableReverseLookup: true,
    authOptional: credentials === undefined,
    disabledCommands: [
      ...(security === 'starttls' ? [] : ['STARTTLS']),
      ...(credentials === undefined ? ['AUTH'] : []),
    ],
    onConnect(_session, done) {
      connections += 1;
      done();
    },
    onAuth(given, _session, done) {
      const isKnown = given.username === credentials?.user && given.password === credentials?.pass;
      done(
        isKnown ? null : new Error('535 5.7.8 who are you'),
        isKnown ? { user: given.username } : undefined,
      );
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('latin1');
        const { mailFrom, rcptTo } = session.envelope;
        messages.push({
          sender: mailFrom === false ? '' : mailFrom.address,
          recipients: rcptTo.map(({ address }) => address),
          raw,
          messageId: /^message-id:\s*(\S+)/im.exec(raw)?.[1] ?? '',
          user: typeof session.user === 'string' ? session.user : null,
          secure: session.secure,
        });
        done(null, '2.0.0 taken');
        for (const one of waiting) if (messages.length >= one.count) one.resolve();
      });
    },
    ...options.server,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.server.address() as AddressInfo).port,
    messages,
    get connections() {
      return connections;
    },
    ledger() {
      const copies = new Map<string, number>();
      for (const { messageId, recipients } of messages) {
        for (const recipient of recipients) {
          const key = `${messageId} ${recipient}`;
          copies.set(key, (copies.get(key) ?? 0) + 1);
        }
      }
      return copies;
    },
    taken(count) {
      if (messages.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.add({ count, resolve }));
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
