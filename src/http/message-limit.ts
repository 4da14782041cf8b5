import type { Refusal } from '../../schemas/error.ts';
import { messageTooLarge } from '../../schemas/refusal.ts';
import type { Parts } from './parts.ts';

const MIB = 1024 * 1024;

/** Contract, section 5.3: counted on the message as it is sent. */
export const MAX_MESSAGE_BYTES = 40 * MIB;

/** Base64 in lines of 76 characters (RFC 2045 §6.8): 57 bytes of a file are 78 of a message. */
const LINE_BYTES = 57;
const ENCODED_LINE_BYTES = 78;

/** What a message may be, here and now: a relay that is known to take less lowers it. */
export function messageLimit({ relayLimit }: Pick<Parts, 'relayLimit'>): number {
  return Math.min(MAX_MESSAGE_BYTES, relayLimit?.() ?? MAX_MESSAGE_BYTES);
}

/** The largest file that fits into such a message. */
export function fileLimit(messageBytes: number): number {
  return Math.floor(messageBytes / ENCODED_LINE_BYTES) * LINE_BYTES;
}

export function overLimit(limit: number, field?: string): Refusal {
  return messageTooLarge(bytesText(limit), field);
}

/** A number of bytes as errors name it. */
export function bytesText(bytes: number): string {
  return Number.isInteger(bytes / MIB) ? `${bytes / MIB} MiB` : `${bytes} bytes`;
}
