import type * as z from 'zod';
import type { Refusal } from './error.ts';
import type { BytesAnswer, Operation } from './operation.ts';
import type { OperationId, Operations } from './operations.ts';

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Readonly<Record<never, never>>;
type Part<Row extends Operation, Key extends keyof Operation> =
  Row extends Readonly<Record<Key, infer Schema>> ? Parsed<Schema> : Readonly<Record<never, never>>;

type Body<Row extends Operation> =
  | (Row extends { readonly body: infer Schema } ? Parsed<Schema> : undefined)
  | (Row extends { readonly bytesBody: string } ? Uint8Array<ArrayBuffer> : never);

/** A validated request. Parts an operation does not have are empty. */
export interface Call<Row extends Operation> {
  readonly params: Part<Row, 'params'>;
  readonly query: Part<Row, 'query'>;
  readonly headers: Part<Row, 'headers'>;
  readonly body: Body<Row>;
}

/** Bytes that are not JSON, whole or as a stream. */
export type Bytes = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

type AnswerOf<Status, Shape> = Shape extends z.ZodType
  ? { readonly status: Status; readonly body: z.output<Shape> }
  : Shape extends BytesAnswer
    ? {
        readonly status: Status;
        readonly bytes: Bytes;
        readonly headers?: Readonly<Record<string, string>>;
      }
    : never;

/** The answer as the mailroom stored it, to be given again byte for byte: sends only. */
export interface Replay {
  readonly status: number;
  readonly json: string;
}

/** What a handler gives back: a documented answer, or a refusal. */
export type Answer<Row extends Operation> =
  | { [Status in keyof Row['answers']]: AnswerOf<Status, Row['answers'][Status]> }[keyof Row['answers']]
  | (Row['scope'] extends 'sending' ? Replay : never)
  | { readonly refusal: Refusal };

/** One handler per operation: a missing one, a superfluous one or an undeclared status does not compile. */
export type Handlers<Context> = {
  readonly [Id in OperationId]: (
    call: Call<Operations[Id]>,
    context: Context,
  ) => Promise<Answer<Operations[Id]>>;
};
