import { stringify } from 'yaml';
import type { ZodType } from 'zod';
import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from 'zod-openapi';
import { ERRORS, type ErrorCode } from './error.ts';
import { ErrorBody, errorBody } from './error-body.ts';
import { ERROR_EXAMPLES } from './error-examples.ts';
import { INTRODUCTION, TAGS } from './introduction.ts';
import { openapiWebhooks } from './openapi-webhooks.ts';
import { type BytesAnswer, errorsOf, type Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { arrange, type Printed, tidy } from './printed-schema.ts';

/** Follows the package; a test holds the two together. */
export const API_VERSION = '0.1.0';

const LINE_WIDTH = 110;

/** On every answer, when RATE_LIMIT is not 0. Integers but for the policy: some SDKs throw on anything else. */
const RATE_HEADERS = {
  'ratelimit-limit': { description: 'Requests per window.', schema: { type: 'integer' } },
  'ratelimit-remaining': { description: 'Requests left in this window.', schema: { type: 'integer' } },
  'ratelimit-reset': { description: 'Whole seconds until the window is over.', schema: { type: 'integer' } },
  'ratelimit-policy': { description: 'Limit and window: `100;w=1`.', schema: { type: 'string' } },
} as const;

type Json = Record<string, unknown>;

function examplesOf(bodies: Readonly<Record<string, unknown>> | undefined): Json {
  if (bodies === undefined) return {};
  return {
    examples: Object.fromEntries(Object.entries(bodies).map(([name, value]) => [name, { value }])),
  };
}

function isBytes(answer: ZodType | BytesAnswer): answer is BytesAnswer {
  return 'mediaType' in answer;
}

function rateHeaders(): Json {
  return Object.fromEntries(
    Object.keys(RATE_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}

function answerOf(operation: Operation, answer: ZodType | BytesAnswer): Json {
  const own = isBytes(answer) ? (answer.headers ?? {}) : {};
  const headers = {
    ...(operation.scope === 'none' ? {} : rateHeaders()),
    ...Object.fromEntries(
      Object.entries(own).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
    ),
  };
  const content = isBytes(answer)
    ? { [answer.mediaType]: { schema: bytesSchema(answer.mediaType) } }
    : { 'application/json': { schema: answer, ...examplesOf(operation.answerExamples) } };
  return { description: 'Done.', ...(Object.keys(headers).length > 0 ? { headers } : {}), content };
}

/** Text types are read as text, everything else as bytes. */
function bytesSchema(mediaType: string): Json {
  const isText = mediaType.startsWith('text/') || mediaType === 'application/yaml';
  return isText ? { type: 'string' } : { type: 'string', format: 'binary' };
}

/** Several codes may share a status: one response then, with an example for each. */
function refusalsOf(operation: Operation): Json {
  const codes = errorsOf(operation);
  const statuses = [...new Set(codes.map((code) => ERRORS[code].status))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      refusalOf(
        status,
        codes.filter((code) => ERRORS[code].status === status),
      ),
    ]),
  );
}

function refusalOf(status: number, codes: readonly ErrorCode[]): Json {
  const names = [...new Set(codes.map((code) => `\`${ERRORS[code].name}\``))];
  return {
    description: names.join(', '),
    ...(status === 429 || status === 503
      ? { headers: { 'retry-after': { $ref: '#/components/headers/retry-after' } } }
      : {}),
    content: {
      'application/json': {
        schema: ErrorBody,
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function bodyOf(operation: Operation): Json {
  const { body, bytesBody, bodyRequired, examples } = operation;
  if (body === undefined && bytesBody === undefined) return {};
  return {
    requestBody: {
      required: bodyRequired !== false,
      content: {
        ...(body === undefined ? {} : { 'application/json': { schema: body, ...examplesOf(examples) } }),
        ...(bytesBody === undefined ? {} : { [bytesBody]: { schema: bytesSchema(bytesBody) } }),
      },
    },
  };
}

function securityOf(operation: Operation): Json {
  if (operation.scope !== 'none') return {};
  return { security: operation.keyOptional === true ? [{}, { bearer: [] }] : [] };
}

function operationOf(id: string, operation: Operation): ZodOpenApiOperationObject {
  const { params, query, headers } = operation;
  return {
    operationId: id,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    ...securityOf(operation),
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...bodyOf(operation),
    responses: {
      ...Object.fromEntries(
        Object.entries(operation.answers).map(([status, answer]) => [status, answerOf(operation, answer)]),
      ),
      ...refusalsOf(operation),
    },
  } as ZodOpenApiOperationObject;
}

function pathsOf(): Json {
  const paths: Record<string, Json> = {};
  for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationOf(id, operation) };
  }
  return paths;
}

function usedCodes(): readonly ErrorCode[] {
  const used = new Set(Object.values<Operation>(OPERATIONS).flatMap(errorsOf));
  return (Object.keys(ERRORS) as ErrorCode[]).filter((code) => used.has(code));
}

function source(): ZodOpenApiObject {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mailwright',
      version: API_VERSION,
      summary: 'One HTTP call in, one SMTP submission out.',
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'The server this document came from.' }],
    security: [{ bearer: [] }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(),
    webhooks: openapiWebhooks(),
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key: `Authorization: Bearer <key>`.',
        },
      },
      headers: {
        ...RATE_HEADERS,
        'retry-after': {
          description: 'Whole seconds after which asking again makes sense.',
          schema: { type: 'integer' },
        },
      },
      examples: Object.fromEntries(
        usedCodes().map((code) => [
          code,
          { summary: ERRORS[code].name, value: errorBody(ERROR_EXAMPLES[code]) },
        ]),
      ),
    },
  } as ZodOpenApiObject;
}

interface Parameter {
  readonly schema: Printed & { description?: string; example?: unknown };
}

type ParameterOrReference = Parameter | { readonly $ref: string };

/** Readers look for the description beside the parameter's name, not in its schema. */
function liftDescription(parameter: ParameterOrReference): Json {
  if ('$ref' in parameter) return parameter;
  const { description, example, ...schema } = parameter.schema;
  return {
    ...parameter,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { example }),
    schema: arrange(schema),
  };
}

type Operations = Record<string, { readonly parameters?: readonly ParameterOrReference[] }>;

function finishedPaths(paths: Record<string, Operations>): Json {
  const finish = (operation: Operations[string]) =>
    operation.parameters === undefined
      ? operation
      : { ...operation, parameters: operation.parameters.map(liftDescription) };
  return mapValues(paths, (methods) => mapValues(methods, finish));
}

function mapValues<Value, Result>(record: Record<string, Value>, change: (value: Value) => Result) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

interface Document extends Json {
  readonly paths: Record<string, Operations>;
  readonly webhooks: Record<string, Operations>;
  readonly components: {
    readonly schemas: Record<string, Printed>;
    readonly parameters: Record<string, Parameter>;
  };
}

/** The table as an OpenAPI document, keys in a stable order. */
export function openapiDocument(): Json {
  const document = createDocument(source(), {
    allowEmptySchema: { custom: true },
    override: ({ jsonSchema, io }) => tidy(jsonSchema as Printed, io),
  }) as unknown as Document;
  const { schemas, parameters, ...components } = document.components;
  const sorted = Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...document,
    paths: finishedPaths(document.paths),
    webhooks: finishedPaths(document.webhooks),
    components: {
      schemas: mapValues(Object.fromEntries(sorted), arrange),
      parameters: mapValues(parameters, liftDescription),
      ...components,
    },
  };
}

/** The text of `openapi.yaml`. */
export function printOpenapi(): string {
  return stringify(openapiDocument(), {
    lineWidth: LINE_WIDTH,
    blockQuote: 'literal',
    aliasDuplicateObjects: false,
  });
}
