import { createHash, randomBytes } from 'node:crypto';
import { createTransport } from 'nodemailer';
import { pause } from '../support/wait-until.ts';

/** A mail that somebody sends us, and what its sender has heard. */
export interface SentIn {
  readonly number: number;
  readonly sha256: string;
  /** Tries until it was acknowledged. */
  readonly tries: number;
}

const MOST_BYTES = 20_000;
const AGAIN_MS = 30;

export interface Door {
  /** Of the API; another one after each start. */
  readonly url: () => string;
  readonly key: string;
  readonly smtpPort: number;
}

/** Servers that send mail to us, half by HTTP and half by SMTP: whoever hears no acknowledgement sends the same again. */
export class InboundSender {
  /** What was acknowledged. */
  readonly taken: SentIn[] = [];
  readonly #door: Door;
  readonly #workers: Promise<void>[] = [];
  #next = 0;
  #isSending = true;

  constructor(door: Door, atOnce: number) {
    this.#door = door;
    for (let worker = 0; worker < atOnce; worker++) this.#workers.push(this.#work());
  }

  /** Begins nothing more; everything begun is acknowledged. */
  async end(): Promise<void> {
    this.#isSending = false;
    await Promise.all(this.#workers);
  }

  async #work(): Promise<void> {
    while (this.#isSending) {
      const number = this.#next++;
      const raw = mailOf(number);
      let tries = 1;
      while (!(await this.#hand(number, raw))) {
        tries++;
        await pause(AGAIN_MS);
      }
      const sha256 = createHash('sha256').update(raw).digest('hex');
      this.taken.push({ number, sha256, tries });
    }
  }

  #hand(number: number, raw: Buffer): Promise<boolean> {
    return number % 2 === 0 ? this.#byHttp(raw) : this.#bySmtp(raw);
  }

  async #byHttp(raw: Buffer): Promise<boolean> {
    const { url, key } = this.#door;
    try {
      const answer = await fetch(`${url()}/inbound/mime?to=in@example.com&from=out@example.org`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'message/rfc822' },
        body: new Uint8Array(raw),
      });
      await answer.text();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  async #bySmtp(raw: Buffer): Promise<boolean> {
    const transport = createTransport({ host: '127.0.0.1', port: this.#door.smtpPort, ignoreTLS: true });
    try {
      await transport.sendMail({ envelope: { from: 'out@example.org', to: 'in@example.com' }, raw });
      return true;
    } catch {
      return false;
    } finally {
      transport.close();
    }
  }
}

function mailOf(number: number): Buffer {
  const lines =
    randomBytes(Math.ceil(Math.random() * MOST_BYTES))
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  const head = ['From: out@example.org', 'To: in@example.com', `Subject: Number ${number}`, ''];
  return Buffer.from(`${[...head, ...lines].join('\r\n')}\r\n`);
}
