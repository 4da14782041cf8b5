import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { cutMessage, END_LENGTH, mayEndIn, unstuff } from './end-of-data.ts';
import type { Fault, LogEntry, ReceivedMessage, ServerOptions, Step } from './smtp-script.ts';

const DEFAULT_ANNOUNCES = ['PIPELINING', 'SIZE 52428800', 'AUTH PLAIN LOGIN', '8BITMIME', 'SMTPUTF8'];

interface VisitParts {
  readonly options: ServerOptions;
  readonly socket: Socket;
  readonly note: (what: LogEntry['what'], text: string, encrypted: boolean) => void;
  readonly keep: (message: Omit<ReceivedMessage, 'connection'>) => void;
  readonly clear: (bytes: string) => void;
}

/** One connection to a scripted server. */
export class ScriptedVisit {
  readonly #parts: VisitParts;
  #socket: Socket;
  #encrypted = false;
  #input = '';
  /** The last of the input: a large body is not searched from its beginning whenever a piece of it comes. */
  #latest = '';
  #expects: 'command' | 'credentials' | 'body' | 'nothing' = 'command';
  #credentialLines = 0;
  #sender = '';
  #recipients: string[] = [];
  readonly #counts = new Map<Step, number>();

  constructor(parts: VisitParts) {
    this.#parts = parts;
    this.#socket = parts.socket;
    this.#socket.on('error', () => undefined);
  }

  begin(): void {
    this.#parts.note('connect', '', false);
    if (this.#fault('connect', '')) return;
    if (this.#parts.options.security === 'implicit') {
      if (!this.#fault('tls', '')) this.#secure(() => this.#greet());
      return;
    }
    this.#socket.on('data', this.#hear);
    this.#greet();
  }

  #greet(): void {
    if (!this.#fault('greeting', '')) this.#say('220 relay.test ESMTP');
  }

  readonly #hear = (chunk: Buffer): void => {
    const bytes = chunk.toString('latin1');
    if (!this.#encrypted) this.#parts.clear(bytes);
    this.#input += bytes;
    this.#latest = this.#latest.slice(1 - END_LENGTH) + bytes;
    this.#advance();
  };

  #advance(): void {
    for (;;) {
      if (this.#expects === 'nothing') return;
      if (this.#expects === 'body') {
        if (!this.#takeBody()) return;
        continue;
      }
      const end = this.#input.indexOf('\r\n');
      if (end === -1) return;
      const line = this.#input.slice(0, end);
      this.#input = this.#input.slice(end + 2);
      this.#parts.note('command', line, this.#encrypted);
      if (this.#expects === 'credentials') this.#takeCredentials();
      else this.#obey(line);
    }
  }

  #obey(line: string): void {
    const verb = line.split(' ')[0]?.toUpperCase() ?? '';
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        if (!this.#fault('ehlo', line)) this.#say(this.#announcement());
        return;
      case 'STARTTLS':
        if (this.#fault('starttls', line)) return;
        this.#say('220 go ahead');
        this.#beginTls();
        return;
      case 'AUTH':
        this.#auth(line);
        return;
      case 'MAIL':
        this.#recipients = [];
        this.#sender = between(line);
        if (!this.#fault('mail', line)) this.#say('250 2.1.0 ok');
        return;
      case 'RCPT':
        if (this.#fault('rcpt', line)) return;
        this.#recipients.push(between(line));
        this.#say('250 2.1.5 ok');
        return;
      case 'DATA':
        this.#data(line);
        return;
      case 'RSET':
        if (!this.#fault('rset', line)) this.#say('250 2.0.0 ok');
        return;
      case 'QUIT':
        if (this.#fault('quit', line)) return;
        this.#say('221 2.0.0 bye');
        this.#socket.end();
        return;
      default:
        this.#say('502 5.5.1 unknown command');
    }
  }

  #announcement(): readonly string[] {
    const { options } = this.#parts;
    const after = this.#encrypted && options.security !== 'implicit';
    const announces = (after ? options.announcesAfterTls : null) ?? options.announces ?? DEFAULT_ANNOUNCES;
    const starttls = options.security === 'starttls' && !this.#encrypted && options.offersStarttls !== false;
    const keywords = starttls ? ['STARTTLS', ...announces] : announces;
    const lines = ['relay.test', ...keywords];
    return lines.map((text, place) => `250${place === lines.length - 1 ? ' ' : '-'}${text}`);
  }

  #beginTls(): void {
    this.#input = '';
    this.#socket.removeListener('data', this.#hear);
    const scripted = this.#parts.options.script?.tls;
    if (scripted === undefined) this.#secure(() => undefined);
    // Bytes that came right behind the 220 would be another case: they are dropped.
    else
      this.#socket.once('data', (hello: Buffer) => {
        if (this.#fault('tls', '')) return;
        this.#socket.pause();
        this.#socket.unshift(hello);
        this.#secure(() => undefined);
      });
  }

  #secure(ready: () => void): void {
    const { certificate, tlsVersions } = this.#parts.options;
    if (certificate === undefined) throw new Error('the script needs a certificate');
    const secure = new TLSSocket(this.#socket, {
      isServer: true,
      // Old versions and digests are what is to be refused: the server must be willing.
      secureContext: createSecureContext({
        ...certificate,
        ciphers: 'DEFAULT@SECLEVEL=0',
        ...(tlsVersions === undefined ? {} : { minVersion: tlsVersions.min, maxVersion: tlsVersions.max }),
      }),
    });
    secure.on('error', () => this.#socket.destroy());
    secure.on('data', this.#hear);
    secure.once('secure', () => {
      this.#encrypted = true;
      this.#socket = secure;
      this.#parts.note('secured', '', true);
      ready();
    });
  }

  #auth(line: string): void {
    if (this.#fault('auth', line)) return;
    const [, mechanism, initial] = line.split(' ');
    if (mechanism?.toUpperCase() === 'PLAIN' && initial !== undefined) {
      this.#say('235 2.7.0 welcome');
      return;
    }
    this.#credentialLines = mechanism?.toUpperCase() === 'LOGIN' ? 2 : 1;
    this.#expects = 'credentials';
    this.#say('334 VXNlcm5hbWU6');
  }

  #takeCredentials(): void {
    this.#credentialLines -= 1;
    if (this.#credentialLines > 0) {
      this.#say('334 UGFzc3dvcmQ6');
      return;
    }
    this.#expects = 'command';
    this.#say('235 2.7.0 welcome');
  }

  #data(line: string): void {
    if (this.#recipients.length === 0 && this.#parts.options.script?.data === undefined) {
      this.#say('503 5.5.1 no valid recipients');
      return;
    }
    if (this.#fault('data', line)) return;
    this.#say('354 go ahead');
    this.#expects = 'body';
  }

  /** True when a message was cut off the input. */
  #takeBody(): boolean {
    const { options } = this.#parts;
    const share = options.bodyFaultAt ?? 0;
    const size = Number(/SIZE=(\d+)/.exec(this.#parts.options.script?.body ? this.#mailLine : '')?.[1] ?? 0);
    if (this.#input.length > 0 && this.#input.length >= size * share && this.#fault('body', '')) return false;
    const mode = options.endOfData ?? 'strict';
    const cut = mayEndIn(this.#latest, mode) ? cutMessage(this.#input, mode) : null;
    if (cut === null) return false;
    this.#input = cut.rest;
    this.#expects = 'command';
    this.#parts.note('message', cut.raw, this.#encrypted);
    const message = {
      sender: this.#sender,
      recipients: this.#recipients,
      raw: cut.raw,
      text: unstuff(cut.raw),
    };
    if (this.#fault('dot', '', message)) return true;
    this.#parts.keep(message);
    this.#say('250 2.0.0 queued as 4711');
    return true;
  }

  get #mailLine(): string {
    return this.#lines.get('mail') ?? '';
  }

  readonly #lines = new Map<Step, string>();

  /** Plays what the script has for this step; false when it has nothing. */
  #fault(step: Step, line: string, message?: Omit<ReceivedMessage, 'connection'>): boolean {
    const count = this.#counts.get(step) ?? 0;
    this.#counts.set(step, count + 1);
    this.#lines.set(step, line);
    const scripted = this.#parts.options.script?.[step];
    const fault = typeof scripted === 'function' ? scripted({ count, line }) : scripted;
    if (fault === undefined || fault === null) return false;
    this.#play(step, fault, message);
    this.#parts.note('fault', step, this.#encrypted);
    return true;
  }

  #play(step: Step, fault: Fault, message?: Omit<ReceivedMessage, 'connection'>): void {
    switch (fault.kind) {
      case 'reply': {
        const code = fault.lines.at(-1)?.[0];
        if (step === 'dot' && code === '2' && message !== undefined) this.#parts.keep(message);
        if (step === 'rcpt' && code === '2') this.#recipients.push(between(this.#lines.get('rcpt') ?? ''));
        this.#say(fault.lines, fault.behind);
        if (step === 'data' && code === '3') this.#expects = 'body';
        if (step === 'starttls' && code === '2') this.#beginTls();
        break;
      }
      case 'bytes':
        this.#socket.write(fault.bytes, 'latin1');
        break;
      case 'reset':
        this.#expects = 'nothing';
        this.#parts.socket.resetAndDestroy();
        return;
      case 'close':
        this.#expects = 'nothing';
        this.#parts.socket.destroy();
        return;
      case 'hang':
        this.#expects = 'nothing';
        this.#socket.pause();
        this.#parts.note('hang', step, this.#encrypted);
        return;
      case 'drip':
        this.#expects = 'nothing';
        this.#drip(step);
        return;
    }
    if (fault.thenClose === true) {
      this.#expects = 'nothing';
      this.#socket.end();
    }
  }

  #drip(step: Step): void {
    this.#socket.pause();
    // In the handshake a record that is announced as 16 KB long and never becomes whole.
    const isTls = step === 'tls';
    if (isTls) this.#socket.write(Buffer.of(22, 3, 3, 0x3f, 0xff));
    const timer = setInterval(() => {
      this.#socket.write(isTls ? '\0' : '2');
      this.#parts.note('drip', step, this.#encrypted);
    }, 1);
    this.#parts.socket.once('close', () => clearInterval(timer));
  }

  #say(lines: string | readonly string[], behind = ''): void {
    const all = typeof lines === 'string' ? [lines] : lines;
    this.#socket.write(all.map((line) => `${line}\r\n`).join('') + behind, 'latin1');
  }
}

/** The address of MAIL and RCPT, exactly as it stands between the outermost angle brackets. */
function between(line: string): string {
  return line.slice(line.indexOf('<') + 1, line.lastIndexOf('>'));
}
