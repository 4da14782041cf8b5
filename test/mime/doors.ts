import { parseAddress } from '../../src/mime/address.ts';
import { subjectProblem } from '../../src/mime/characters.ts';
import { readHeaderFields } from '../../src/mime/header-fields.ts';
import type { HeaderMailbox, Message } from '../../src/mime/message.ts';
import { plainMessage } from './message-under-test.ts';

/** The caller's text in one field, everything else plain: the message, or null when the door refuses. */
export type Door = (input: string) => Message | null;

const mailbox = (text: string): HeaderMailbox | null => {
  const reading = parseAddress(text);
  return reading.ok ? reading.mailbox : null;
};

const inMailbox =
  (text: (input: string) => string, place: (read: HeaderMailbox) => Partial<Message>): Door =>
  (input) => {
    const read = mailbox(text(input));
    return read && { ...plainMessage, ...place(read) };
  };

const inHeader =
  (header: (input: string) => readonly [string, string]): Door =>
  (input) => {
    const reading = readHeaderFields({ headers: [header(input)], hasReplyTo: false });
    if (!reading.ok) return null;
    const { headers, messageId, replyTo } = reading;
    return {
      ...plainMessage,
      headers,
      messageId: messageId ?? plainMessage.messageId,
      replyTo: replyTo ? [replyTo] : [],
    };
  };

const PLACES: readonly (readonly [field: string, place: (read: HeaderMailbox) => Partial<Message>])[] = [
  ['from', (from) => ({ from })],
  ['to', (to) => ({ to: [to] })],
  ['cc', (cc) => ({ cc: [cc] })],
  ['reply_to', (replyTo) => ({ replyTo: [replyTo] })],
];

/** Every field of a send that reaches a header, and how it is read. */
export const DOORS: readonly (readonly [field: string, door: Door])[] = [
  ['subject', (input) => (subjectProblem(input) === null ? { ...plainMessage, subject: input } : null)],
  ...PLACES.flatMap(([field, place]): (readonly [string, Door])[] => [
    [`name of ${field}`, inMailbox((input) => `${input} <a@b.example>`, place)],
    [
      `quoted name of ${field}`,
      inMailbox((input) => `"${input.replace(/["\\]/g, '\\$&')}" <a@b.example>`, place),
    ],
    [`local part of ${field}`, inMailbox((input) => `${input}@b.example`, place)],
    [`domain of ${field}`, inMailbox((input) => `a@b.example${input}`, place)],
  ]),
  // A blind copy reaches the envelope alone; its text is read by the same parser and reaches no header.
  ['bcc', (input) => (mailbox(`${input} <a@b.example>`) ? plainMessage : null)],
  ['header name', inHeader((input) => [`X-${input}`, 'value'])],
  ['header value', inHeader((input) => ['X-Note', input])],
  ['message id', inHeader((input) => ['Message-ID', `<${input}@b.example>`])],
  ['in-reply-to', inHeader((input) => ['In-Reply-To', `<${input}@b.example>`])],
  ['references', inHeader((input) => ['References', `<a@b.example> <${input}@b.example>`])],
  ['list-unsubscribe', inHeader((input) => ['List-Unsubscribe', `<https://a.example/${input}>`])],
  ['list-id', inHeader((input) => ['List-Id', `${input} <list.example>`])],
  ['reply-to header', inHeader((input) => ['Reply-To', `${input} <a@b.example>`])],
];
