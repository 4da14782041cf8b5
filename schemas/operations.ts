import { API_KEY_OPERATIONS } from './api-key-operations.ts';
import { ATTACHMENT_OPERATIONS } from './attachment-operations.ts';
import { EMAIL_OPERATIONS } from './email-operations.ts';
import { EVENT_OPERATIONS } from './event-operations.ts';
import { INBOUND_OPERATIONS } from './inbound-operations.ts';
import type { Operation } from './operation.ts';
import { RECEIVED_OPERATIONS } from './received-operations.ts';
import { ROUTE_OPERATIONS } from './route-operations.ts';
import { SEND_OPERATIONS } from './send-operations.ts';
import { SERVICE_OPERATIONS } from './service-operations.ts';
import { SUPPRESSION_OPERATIONS } from './suppression-operations.ts';
import { UNSUBSCRIBE_OPERATIONS } from './unsubscribe-operations.ts';
import { WEBHOOK_OPERATIONS } from './webhook-operations.ts';

/** THE TABLE. Routes, validation, handlers' types, `openapi.yaml` and the tests of every route are derived from it. */
export const OPERATIONS = {
  ...SEND_OPERATIONS,
  ...EMAIL_OPERATIONS,
  ...ATTACHMENT_OPERATIONS,
  ...RECEIVED_OPERATIONS,
  ...INBOUND_OPERATIONS,
  ...ROUTE_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...API_KEY_OPERATIONS,
  ...SUPPRESSION_OPERATIONS,
  ...UNSUBSCRIBE_OPERATIONS,
  ...SERVICE_OPERATIONS,
} as const satisfies Record<string, Operation>;

export type Operations = typeof OPERATIONS;
export type OperationId = keyof Operations;
