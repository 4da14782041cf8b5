import type * as z from 'zod';
import { type AddressField, addressTexts } from '../../schemas/address.ts';
import type { Attachments } from '../../schemas/attachment.ts';
import type { SendEmail } from '../../schemas/email.ts';
import type { Refusal } from '../../schemas/error.ts';
import type { SendJudges } from '../../schemas/read-send.ts';
import { invalidAddress, invalidField } from '../../schemas/refusal.ts';
import { type ParsedMailbox, parseAddress } from '../mime/address.ts';
import { type HeaderReading, readHeaderFields } from '../mime/header-fields.ts';
import { type GivenFile, readAttachment } from './attachments.ts';
import { MAX_AHEAD_MS, readSchedule, type Schedule } from './schedule.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const NO_HEADERS: HeaderReading = { ok: true, headers: [], messageId: null, replyTo: null };

/** Judges the fields of one mail that need a grammar, and keeps what was read: no text is read twice. */
export class Readings implements Required<SendJudges> {
  readonly #now: number;
  readonly #limit: number;
  readonly #mailboxes: Map<string, ParsedMailbox>;
  #headers: HeaderReading = NO_HEADERS;
  #schedule: Schedule | null = null;
  #files: readonly GivenFile[] = [];

  /**
   * @param limit bytes of a message
   * @param mailboxes what was read before, by its text: the mails of a batch have one sender, as a rule
   */
  constructor({
    now,
    limit,
    mailboxes = new Map(),
  }: {
    readonly now: number;
    readonly limit: number;
    readonly mailboxes?: Map<string, ParsedMailbox> | undefined;
  }) {
    this.#now = now;
    this.#mailboxes = mailboxes;
    this.#limit = limit;
  }

  readonly address = (text: string, field: string): Refusal | null => {
    if (this.#mailboxes.has(text)) return null;
    const reading = parseAddress(text);
    if (reading.ok) this.#mailboxes.set(text, reading.mailbox);
    return reading.ok ? null : invalidAddress(field);
  };

  readonly scheduledAt = (text: string, field: string): Refusal | null => {
    this.#schedule = readSchedule(text, this.#now);
    return this.#schedule.kind === 'at' ? null : scheduleRefusal(this.#schedule, field);
  };

  readonly headers = (headers: Readonly<Record<string, string>>, hasReplyTo: boolean) => {
    this.#headers = readHeaderFields({ headers: Object.entries(headers), hasReplyTo });
    return this.#headers.ok ? null : this.#headers.refusal;
  };

  readonly attachments = (given: z.output<typeof Attachments>, field: string): Refusal | null => {
    const files: GivenFile[] = [];
    for (const [index, attachment] of given.entries()) {
      const read = readAttachment(attachment, { field: `${field}[${index}]`, limit: this.#limit });
      if (!read.ok) return read.refusal;
      files.push(read.value);
    }
    this.#files = files;
    return null;
  };

  get files(): readonly GivenFile[] {
    return this.#files;
  }

  /** The mailboxes of a field that was judged. */
  mailboxes(send: z.output<typeof SendEmail>, field: AddressField): readonly ParsedMailbox[] {
    return addressTexts(send, field).flatMap(({ text }) => this.#mailboxes.get(text) ?? []);
  }

  get headerFields(): HeaderReading & { readonly ok: true } {
    if (!this.#headers.ok) throw new Error('Headers that were refused are asked for');
    return this.#headers;
  }

  /** A past moment means now, and now is no schedule. */
  get scheduledFor(): number | null {
    return this.#schedule?.kind === 'at' && this.#schedule.at > this.#now ? this.#schedule.at : null;
  }
}

/** Why a text is no moment that mail can be put off to. */
export function scheduleRefusal(schedule: Exclude<Schedule, { kind: 'at' }>, field: string): Refusal {
  switch (schedule.kind) {
    case 'too_far':
      return invalidField(field, `It must not be more than ${MAX_AHEAD_MS / DAY_MS} days ahead.`);
    case 'unreadable':
      return invalidField(
        field,
        'A time in ISO 8601 or in English, such as `in 1 hour` or `tomorrow at 9am`, is expected.',
      );
  }
}
