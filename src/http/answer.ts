import { ERRORS, type Refusal } from '../../schemas/error.ts';
import { errorBody } from '../../schemas/error-body.ts';
import type { BytesAnswer, Operation } from '../../schemas/operation.ts';
import type { RateState } from '../mailroom/mailroom.ts';

type Headers = Readonly<Record<string, string>>;

/** What any handler gives back, seen without its operation. */
export type Outgoing =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly json: string }
  | {
      readonly status: number;
      readonly bytes: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
      readonly headers?: Headers;
    }
  | { readonly refusal: Refusal };

const JSON_TYPE = 'application/json; charset=utf-8';

/** The one place where an answer becomes a response. */
export function respond(operation: Operation, outgoing: Outgoing, headers: Headers): Response {
  if ('refusal' in outgoing) return refuse(outgoing.refusal, headers);
  if ('bytes' in outgoing) {
    const type = { 'content-type': mediaTypeOf(operation), 'x-content-type-options': 'nosniff' };
    return new Response(outgoing.bytes, {
      status: outgoing.status,
      headers: { ...headers, ...type, ...outgoing.headers },
    });
  }
  // Stored answers come out of the mailroom as text and are given again as they are.
  const json = 'json' in outgoing ? outgoing.json : JSON.stringify(outgoing.body);
  return new Response(json, { status: outgoing.status, headers: { ...headers, 'content-type': JSON_TYPE } });
}

export function refuse(refusal: Refusal, headers: Headers): Response {
  const { retryAfterSeconds: seconds } = refusal;
  const wait = seconds === undefined ? {} : { 'retry-after': String(Math.ceil(seconds)) };
  return new Response(JSON.stringify(errorBody(refusal)), {
    status: ERRORS[refusal.code].status,
    headers: { ...headers, ...wait, 'content-type': JSON_TYPE },
  });
}

function mediaTypeOf(operation: Operation): string {
  const answers: readonly (object | BytesAnswer)[] = Object.values(operation.answers);
  const type = answers.find((answer): answer is BytesAnswer => 'mediaType' in answer)?.mediaType;
  if (type === undefined) return 'application/octet-stream';
  return type.startsWith('message/') ? type : `${type}; charset=utf-8`;
}

/** Plain integers, or some SDKs throw. Without a limit there is nothing to say. */
export function rateHeaders(rate: RateState | null): Headers {
  if (rate === null) return {};
  return {
    'ratelimit-limit': String(rate.limit),
    'ratelimit-remaining': String(rate.remaining),
    'ratelimit-reset': String(rate.resetSeconds),
    'ratelimit-policy': `${rate.limit};w=1`,
  };
}

/** What is said of the rate where no account is known: the limit, unused. */
export function untouchedRate(limit: number): RateState | null {
  return limit === 0 ? null : { limit, remaining: limit, resetSeconds: 1 };
}
