import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type * as z from 'zod';
import { ERRORS } from '../schemas/error.ts';
import { ErrorBody } from '../schemas/error-body.ts';
import { API_VERSION, printOpenapi } from '../schemas/openapi.ts';
import { errorsOf, type Operation } from '../schemas/operation.ts';
import { OPERATIONS } from '../schemas/operations.ts';
import { tolerate } from '../schemas/tolerance.ts';
import { FIRED_TYPES } from '../schemas/webhook-type.ts';

type Json = Record<string, unknown>;

/** Any object of the document, with the keys that are looked at. */
interface Node {
  readonly description?: unknown;
  readonly format?: unknown;
  readonly maximum?: unknown;
  readonly additionalProperties?: unknown;
  readonly 'x-secret'?: unknown;
  readonly 'x-extension'?: unknown;
}

interface Response {
  readonly description: string;
  readonly content: Record<string, { readonly examples?: Record<string, { readonly $ref: string }> }>;
}
interface PrintedOperation {
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Json[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly description?: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly responses: Record<string, Response>;
}
/** A call to a webhook. */
interface PrintedCall {
  readonly summary: string;
  readonly security: readonly Json[];
  readonly parameters: readonly { readonly $ref: string }[];
  readonly requestBody: { readonly content: Record<string, { readonly schema: { readonly $ref: string } }> };
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly security: readonly Json[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, PrintedOperation>>;
  readonly webhooks: Record<string, { readonly post: PrintedCall }>;
  readonly components: {
    readonly schemas: Json;
    readonly securitySchemes: Json;
    readonly examples: Record<string, { readonly value: unknown }>;
  };
}

const printed = printOpenapi();
const document = parse(printed) as Document;
const operations = Object.entries<Operation>(OPERATIONS);

function printedOperation({ path, method }: Operation): PrintedOperation {
  const found = document.paths[path]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not in the document`);
  return found;
}

/** Every object of a document with the path that leads to it. */
function* walk(value: unknown, path: readonly string[] = []): Generator<[path: string, node: Node]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path.join('.'), value];
  for (const [key, item] of Object.entries(value)) yield* walk(item, [...path, key]);
}

describe('the committed document', () => {
  test('openapi.yaml is what the table prints', async () => {
    const message = 'openapi.yaml is not what the table prints. Run: npm run openapi';
    await expect(printed, message).toMatchFileSnapshot('../openapi.yaml');
  });

  test('printing twice gives the same text', () => {
    expect(printOpenapi()).toBe(printed);
  });

  test('it is valid OpenAPI 3.1, its references lead somewhere and its examples fit their schemas', async () => {
    const config = await createConfig({
      rules: {
        struct: 'error',
        'no-unresolved-refs': 'error',
        'no-unused-components': 'error',
        'operation-operationId-unique': 'error',
        'path-parameters-defined': 'error',
        'no-invalid-media-type-examples': { severity: 'error', allowAdditionalProperties: true },
      },
    });
    const problems = await lintFromString({ source: printed, config });
    const readable = problems.map(
      ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer}: ${message}`,
    );
    expect(document.openapi).toBe('3.1.0');
    expect(readable).toEqual([]);
  });

  test('it carries the version of the package', () => {
    const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(API_VERSION).toBe(manifest.version);
    expect(document.info.version).toBe(API_VERSION);
  });
});

describe('names', () => {
  test('the components are these and no others: a new one means that input and output have parted', () => {
    expect(Object.keys(document.components.schemas)).toEqual([
      'AccountEvent',
      'AccountEventList',
      'AccountEventType',
      'AddSuppressions',
      'Address',
      'Addresses',
      'ApiKey',
      'ApiKeyGone',
      'ApiKeyList',
      'ApiKeyRef',
      'Attachment',
      'AttachmentList',
      'AttachmentSummary',
      'AuthenticationResult',
      'BatchAnswer',
      'BatchResult',
      'BounceDetail',
      'BouncedEventData',
      'ClickDetail',
      'ClickedEventData',
      'CreateApiKey',
      'CreateInboundUrl',
      'CreateRoute',
      'CreateSuppression',
      'CreateUpload',
      'CreateWebhook',
      'CreatedApiKey',
      'CustomHeaders',
      'Domain',
      'DomainCreatedEvent',
      'DomainDeletedEvent',
      'DomainEventData',
      'DomainList',
      'DomainRecord',
      'DomainSummary',
      'DomainUpdatedEvent',
      'DryRun',
      'Email',
      'EmailBouncedEvent',
      'EmailClickedEvent',
      'EmailComplainedEvent',
      'EmailDeliveredEvent',
      'EmailDeliveryDelayedEvent',
      'EmailEvent',
      'EmailEventList',
      'EmailFailedEvent',
      'EmailGone',
      'EmailId',
      'EmailList',
      'EmailOpenedEvent',
      'EmailReceivedEvent',
      'EmailRef',
      'EmailScheduledEvent',
      'EmailSentEvent',
      'EmailSummary',
      'EmailSuppressedEvent',
      'ErrorBody',
      'ErrorName',
      'EventType',
      'FailedDetail',
      'FailedEventData',
      'FiredEventType',
      'Health',
      'InboundReceipt',
      'InboundUrl',
      'LastEvent',
      'LintFinding',
      'MailEventData',
      'OpenDetail',
      'OpenedEventData',
      'OptionalAddresses',
      'Phase',
      'ReceivedAttachment',
      'ReceivedEmail',
      'ReceivedEventAttachment',
      'ReceivedEventData',
      'ReceivedGone',
      'ReceivedList',
      'ReceivedSummary',
      'Recipient',
      'RelayHealth',
      'RemoveSuppressions',
      'Route',
      'RouteAction',
      'RouteGone',
      'RouteList',
      'RouteMatch',
      'RouteRef',
      'RouteSummary',
      'SendAnswer',
      'SendBatch',
      'SendEmail',
      'SendRaw',
      'SmtpReply',
      'StoredAttachment',
      'SuppressedDetail',
      'SuppressedEventData',
      'Suppression',
      'SuppressionAddedEvent',
      'SuppressionEventData',
      'SuppressionGone',
      'SuppressionList',
      'SuppressionRef',
      'SuppressionRemovedEvent',
      'SuppressionsAdded',
      'SuppressionsRemoved',
      'Tag',
      'TestWebhook',
      'UpdateApiKey',
      'UpdateEmail',
      'UpdateRoute',
      'UpdateWebhook',
      'Upload',
      'UploadRef',
      'Webhook',
      'WebhookAttempt',
      'WebhookAttemptList',
      'WebhookEvent',
      'WebhookEventList',
      'WebhookEventRef',
      'WebhookEventStatus',
      'WebhookEventSummary',
      'WebhookEventType',
      'WebhookGone',
      'WebhookList',
      'WebhookPayload',
      'WebhookRef',
      'WebhookSecret',
      'WebhookSummary',
    ]);
  });

  test('every operation has a summary, a description and a tag that is explained', () => {
    const tags = document.tags.map(({ name }) => name);
    for (const [id, operation] of operations) {
      expect(printedOperation(operation).summary, id).not.toBe('');
      expect(printedOperation(operation).description, id).toBeTruthy();
      expect(tags, id).toContain(operation.tag);
    }
  });

  test('every parameter is described, and those of a path are required', () => {
    for (const [id, operation] of operations) {
      for (const parameter of printedOperation(operation).parameters ?? []) {
        expect(parameter.description, `${id} ${parameter.name}`).toBeTruthy();
        expect(parameter.required === true, `${id} ${parameter.name}`).toBe(parameter.in === 'path');
      }
    }
  });
});

describe('errors', () => {
  test.each(operations)(
    '%s documents every code it may answer, one response for each status',
    (_, operation) => {
      const { responses } = printedOperation(operation);
      const expected = errorsOf(operation).map((code) => `${ERRORS[code].status} ${code}`);
      const actual = Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([status, response]) =>
          Object.keys(response.content['application/json']?.examples ?? {}).map(
            (code) => `${status} ${code}`,
          ),
        );
      expect(actual.sort()).toEqual([...expected].sort());
    },
  );

  test('every example of an error is a body of the error schema, under its own status', () => {
    for (const [code, { value }] of Object.entries(document.components.examples)) {
      expect(ErrorBody.parse(value), code).toEqual(value);
      expect(value, code).toHaveProperty('statusCode', ERRORS[code as keyof typeof ERRORS].status);
    }
  });
});

describe('keys and secrets', () => {
  test('bearer keys are asked for everywhere but where the table says none', () => {
    expect(document.components.securitySchemes).toMatchObject({ bearer: { type: 'http', scheme: 'bearer' } });
    expect(document.security).toEqual([{ bearer: [] }]);
    for (const [id, operation] of operations) {
      const open = operation.keyOptional === true ? [{}, { bearer: [] }] : [];
      expect(printedOperation(operation).security, id).toEqual(operation.scope === 'none' ? open : undefined);
    }
  });

  test('these fields are secret and no others: the request log leaves them out', () => {
    const secret = [...walk(document)].filter(([, node]) => node['x-secret'] === true).map(([path]) => path);
    expect(secret).toEqual([
      'components.schemas.CreatedApiKey.properties.token',
      'components.schemas.InboundUrl.properties.url',
      'components.schemas.Webhook.properties.signing_secret',
      'components.schemas.WebhookSecret.properties.signing_secret',
    ]);
  });
});

describe('webhooks', () => {
  test('every type that is fired has its payload, told apart by name, and the headers of its signature', () => {
    expect(Object.keys(document.webhooks)).toEqual(FIRED_TYPES);
    for (const type of FIRED_TYPES) {
      const call = document.webhooks[type]?.post;
      expect(call?.summary, type).toBeTruthy();
      expect(call?.security, type).toEqual([]);
      const schema = call?.requestBody.content['application/json']?.schema.$ref.split('/').at(-1) ?? '';
      expect(document.components.schemas[schema], type).toMatchObject({
        properties: { type: { const: type } },
      });
      expect(
        call?.parameters.map(({ $ref }) => $ref.split('/').at(-1)),
        type,
      ).toEqual([
        'webhook-id',
        'webhook-timestamp',
        'webhook-signature',
        'svix-id',
        'svix-timestamp',
        'svix-signature',
      ]);
    }
  });
});

describe('schemas', () => {
  test('what is ours alone says so, to programs and to people', () => {
    const marked = [...walk(document)].filter(([, node]) => node['x-extension'] === true);
    const said = [...walk(document.components)].filter(([path, node]) => {
      return path.includes('.properties.') && String(node.description).startsWith('Extension.');
    });
    expect(marked.map(([path]) => path)).toEqual(said.map(([path]) => `components.${path}`));
    expect(marked.length).toBeGreaterThan(0);
    for (const [path, node] of marked) expect(node.description, path).toMatch(/^Extension\./);
  });

  test('no object is closed: a client generated today must survive the next new field', () => {
    const closed = [...walk(document)].filter(([, node]) => node.additionalProperties === false);
    expect(closed.map(([path]) => path)).toEqual([]);
  });

  test('no pattern stands where a format says it, and no bound that is only the safe integers', () => {
    for (const [path, node] of walk(document.components.schemas)) {
      if (node.format !== undefined) expect(node, path).not.toHaveProperty('pattern');
      expect(Math.abs(Number(node.maximum ?? 0)), path).not.toBe(Number.MAX_SAFE_INTEGER);
    }
  });
});

describe('examples', () => {
  const withBody = operations.filter(([, { body }]) => body !== undefined);
  const withAnswer = operations.flatMap(([id, { answers, answerExamples }]) =>
    Object.values(answers).flatMap((answer) =>
      'mediaType' in answer ? [] : [[id, answer, answerExamples ?? {}] as const],
    ),
  );

  test.each(withBody)('every request example of %s is one its schema takes', (id, { body, examples }) => {
    expect(Object.keys(examples ?? {}).length).toBeGreaterThan(0);
    for (const example of Object.values(examples ?? {})) {
      expect(body?.safeParse(tolerate(id as keyof typeof OPERATIONS, example)).error).toBeUndefined();
    }
  });

  test.each(withAnswer)(
    'every answer example of %s passes through its schema unchanged',
    (_, schema: z.ZodType, examples) => {
      expect(Object.keys(examples).length).toBeGreaterThan(0);
      for (const example of Object.values(examples)) expect(schema.parse(example)).toEqual(example);
    },
  );
});
