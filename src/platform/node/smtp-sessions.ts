import type { SMTPServerSession } from 'smtp-server';
import { networkOf } from '../../operator/guesses.ts';
import type { SmtpLimits } from './smtp-limits.ts';
import { replyError } from './smtp-replies.ts';

interface Visit {
  /** A whole /64 of IPv6 is one. */
  readonly address: string;
  readonly stopWatch: () => void;
  commands: number;
  errors: number;
  isReceiving: boolean;
}

interface Parts {
  readonly limits: SmtpLimits;
  readonly after: (ms: number, work: () => void) => () => void;
  /** Says 421 to a session and ends it. */
  readonly dismiss: (id: string, why: string) => void;
}

/** Who is there, and how he behaves. A session that breaks a limit is dismissed with 421. */
export class SmtpSessions {
  readonly #parts: Parts;
  readonly #visits = new Map<string, Visit>();
  readonly #perAddress = new Map<string, number>();
  #whenQuiet: (() => void)[] = [];

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** An error when there are enough of his address already. */
  enter({ id, remoteAddress }: SMTPServerSession): Error | null {
    const { limits, after } = this.#parts;
    const address = networkOf(remoteAddress);
    const present = this.#perAddress.get(address) ?? 0;
    if (present >= limits.clientsPerAddress) {
      return replyError(421, '4.7.0 Too many connections from this address');
    }
    this.#perAddress.set(address, present + 1);
    const stopWatch = after(limits.sessionMs, () => this.#dismiss(id, '4.4.2 Session too long'));
    this.#visits.set(id, { address, stopWatch, commands: 0, errors: 0, isReceiving: false });
    return null;
  }

  leave({ id }: SMTPServerSession): void {
    const visit = this.#visits.get(id);
    if (visit === undefined) return;
    visit.stopWatch();
    this.#visits.delete(id);
    const present = (this.#perAddress.get(visit.address) ?? 1) - 1;
    if (present === 0) this.#perAddress.delete(visit.address);
    else this.#perAddress.set(visit.address, present);
    this.#tellQuiet();
  }

  /** A command came. */
  heard(id: string): void {
    const visit = this.#visits.get(id);
    if (visit === undefined) return;
    visit.commands += 1;
    if (visit.commands > this.#parts.limits.commands) this.#dismiss(id, '4.7.0 Too many commands');
  }

  /** A reply left. */
  answered(id: string, code: number): void {
    const visit = this.#visits.get(id);
    if (visit === undefined || code < 400) return;
    visit.errors += 1;
    if (visit.errors > this.#parts.limits.errors) this.#dismiss(id, '4.7.0 Too many errors');
  }

  begin({ id }: SMTPServerSession): void {
    const visit = this.#visits.get(id);
    if (visit !== undefined) visit.isReceiving = true;
  }

  /** A mail is over. One that was taken makes up for what went before it. */
  end({ id }: SMTPServerSession, isTaken: boolean): void {
    const visit = this.#visits.get(id);
    if (visit === undefined) return;
    visit.isReceiving = false;
    if (isTaken) {
      visit.commands = 0;
      visit.errors = 0;
    }
    this.#tellQuiet();
  }

  /** Ends all that are not in the middle of a mail. */
  dismissIdle(why: string): void {
    for (const [id, { isReceiving }] of this.#visits) if (!isReceiving) this.#parts.dismiss(id, why);
  }

  /** Resolves when nobody is in the middle of a mail. */
  quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenQuiet.push(resolve);
      this.#tellQuiet();
    });
  }

  #tellQuiet(): void {
    for (const { isReceiving } of this.#visits.values()) if (isReceiving) return;
    const waiting = this.#whenQuiet;
    this.#whenQuiet = [];
    for (const tell of waiting) tell();
  }

  /** Once: what is said to him then is an error too. */
  #dismiss(id: string, why: string): void {
    const visit = this.#visits.get(id);
    if (visit === undefined) return;
    visit.commands = 0;
    visit.errors = 0;
    this.#parts.dismiss(id, why);
  }
}
