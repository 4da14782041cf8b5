import type { Handlers } from '../../schemas/handlers.ts';
import type { OperationId } from '../../schemas/operations.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Parts } from './parts.ts';
import type { Reader } from './present.ts';

/** What a handler works with: the caller has passed the door, the request is validated. */
export interface Context {
  readonly parts: Parts;
  readonly account: string;
  readonly room: Async<Mailroom>;
  readonly now: number;
  readonly reader: Reader;
}

/** Sends have a way of their own: what they ask decides how the door is passed. */
export type SendId = 'sendEmail' | 'sendBatch' | 'sendRaw';
/** Their body is passed on as it comes. */
export type StreamId = 'receiveMime';
/** What describes the API. */
export type DocumentId = 'getOpenapiYaml' | 'getOpenapiJson' | 'getDocs';
/** Answered without a caller. */
export type OpenId =
  | DocumentId
  | 'getHealth'
  | 'downloadFile'
  | 'uploadFile'
  | 'receiveByUrl'
  | 'askUnsubscribe'
  | 'unsubscribe';
export type KeyedId = Exclude<OperationId, SendId | StreamId | OpenId>;

export type KeyedHandlers = Pick<Handlers<Context>, KeyedId>;
