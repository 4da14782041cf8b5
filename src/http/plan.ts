import type { OPERATIONS } from '../../schemas/operations.ts';
import type { DraftOrRefusal, Switches, Waiting } from './draft.ts';
import type { Json } from './json.ts';
import type { Parts } from './parts.ts';
import type { Reading } from './request.ts';
import type { Shelf } from './shelf.ts';

export type Mode = 'single' | 'strict' | 'permissive';

/** Everything a send has before its fields are looked at. */
export interface SendRequest {
  readonly body: Json | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly switches: Switches;
  readonly account: string;
  readonly now: number;
  readonly parts: Parts;
  readonly shelf: Shelf;
}

/** The mails of a request in its order: good ones, bad ones, and those that wait for files from elsewhere. */
export interface Plan {
  readonly mode: Mode;
  readonly items: readonly (DraftOrRefusal | Waiting)[];
}

/** One of the endpoints that send. */
export interface SendEndpoint {
  readonly operation: (typeof OPERATIONS)['sendEmail' | 'sendBatch' | 'sendRaw'];
  /** What is expected when the body is JSON of another type; null when it is not. Asked before idempotency. */
  readonly wrongType: (body: Json | Uint8Array<ArrayBuffer>) => string | null;
  readonly plan: (request: SendRequest) => Promise<Reading<Plan>>;
}

/** JSON of another type than an object. */
export function noObject(body: Json | Uint8Array<ArrayBuffer>): string | null {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? null : 'An object is expected.';
}
