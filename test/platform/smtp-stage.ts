import type { Delivery, Received } from '../../src/inbound/receive.ts';
import type { Line } from '../../src/operator/log.ts';
import { clock } from '../../src/platform/node/host.ts';
import {
  openSmtpListener,
  type SmtpListener,
  type SmtpListenerParts,
} from '../../src/platform/node/smtp-listener.ts';
import { callSmtp, type SmtpCaller } from '../support/smtp-caller.ts';

/** A mail as the funnel was given it. */
export interface Came extends Omit<Delivery, 'raw'> {
  readonly raw: string;
}

/** A listener before a funnel that receives for `here.example`, and does as it is told. */
export interface Stage {
  readonly listener: SmtpListener;
  readonly came: readonly Came[];
  readonly log: readonly Line[];
  call(from?: string): Promise<SmtpCaller>;
  /** To the answer to DATA. */
  toData(caller?: SmtpCaller): Promise<SmtpCaller>;
  end(): Promise<void>;
}

/** Pieces as the funnel reads them, and what it says in the end. */
export type Funnel = (delivery: Delivery) => Promise<Received>;

export async function openStage(
  parts: Partial<SmtpListenerParts> & { readonly funnel?: Funnel } = {},
): Promise<Stage> {
  const came: Came[] = [];
  const log: Line[] = [];
  const callers: SmtpCaller[] = [];
  const { funnel, ...others } = parts;
  const listener = await openSmtpListener({
    host: '127.0.0.1',
    port: 0,
    name: 'mx.here.example',
    maxBytes: 100_000,
    certificate: null,
    account: 'default',
    postmasterDomain: 'here.example',
    judge: async ({ address }) => judge(address),
    async receive(delivery) {
      const received = await (funnel ?? keep)({ ...delivery, raw: recorded(delivery, came) });
      return received;
    },
    clock,
    log: (line) => log.push(line),
    ...others,
  });
  const call = async (from?: string): Promise<SmtpCaller> => {
    const caller = await callSmtp(listener, from);
    callers.push(caller);
    return caller;
  };
  return {
    listener,
    came,
    log,
    call,
    async toData(caller) {
      const one = caller ?? (await call());
      for (const line of ['EHLO x.example', 'MAIL FROM:<a@b.example>', 'RCPT TO:<c@here.example>', 'DATA']) {
        const reply = await one.say(`${line}\r\n`);
        if (!/^(?:250|354)/.test(reply)) throw new Error(`${line}: ${reply}`);
      }
      return one;
    },
    async end() {
      for (const { socket } of callers) socket.destroy();
      await listener.close(0);
    },
  };
}

async function keep({ raw }: Delivery): Promise<Received> {
  for await (const _ of raw);
  return { kind: 'kept', id: '0190-1', duplicate: false };
}

function judge(address: string): Extract<Received, { kind: 'refused' | 'unavailable' }> | null {
  if (!address.endsWith('@here.example')) {
    return { kind: 'refused', reason: 'domain', message: 'No mail is received for this domain' };
  }
  if (address.startsWith('busy')) {
    return { kind: 'unavailable', refusal: { code: 'unavailable', message: 'the database is away' } };
  }
  const rejected = /^rejected(\+coded)?@/.exec(address);
  if (rejected === null) return null;
  return {
    kind: 'refused',
    reason: 'route',
    message: rejected[1] === undefined ? 'Gone\u00e9\r\n250 OK' : '5.1.1 Nobody is called that',
  };
}

/** Only what was read to its end has come. */
async function* recorded({ raw, ...facts }: Delivery, came: Came[]): AsyncGenerator<Uint8Array> {
  let text = '';
  for await (const piece of raw) {
    text += Buffer.from(piece).toString('latin1');
    yield piece;
  }
  came.push({ ...facts, raw: text });
}
