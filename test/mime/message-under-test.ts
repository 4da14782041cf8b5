import type { Composed, Message } from '../../src/mime/message.ts';

/** A message with nothing special in it; a test changes one field. */
export const plainMessage: Message = {
  messageId: '<0197f0aa@mail.example>',
  date: Date.UTC(2026, 0, 2, 3, 4, 5),
  boundary: 'k3Jd9sLq0aZx7WvB',
  from: { name: 'Shop', address: 'shop@mail.example' },
  to: [{ name: '', address: 'ada@good.example' }],
  cc: [],
  replyTo: [],
  subject: 'Your order',
  headers: [],
  html: null,
  text: 'Thank you.\r\n',
  attachments: [],
};

export async function bytesOf(composed: Composed): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of composed.open()) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** Fresh on every call, so that no test can change another's. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
