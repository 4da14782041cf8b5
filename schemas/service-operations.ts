import * as z from 'zod';
import { Domain, DomainList } from './domain.ts';
import { Health } from './health.ts';
import { idParams } from './id.ts';
import type { Operation } from './operation.ts';
import { PageQuery } from './page.ts';

const DOMAIN = {
  id: 'd91cd9bd-1176-453e-8fc1-35364d380206',
  name: 'example.com',
  status: 'verified',
  created_at: '2026-02-22T23:41:12.126Z',
  region: 'us-east-1',
  capabilities: { sending: 'enabled', receiving: 'disabled' },
  open_tracking: false,
  click_tracking: false,
};

/** Sender domains, which the operator configures, and the service itself. */
export const SERVICE_OPERATIONS = {
  listDomains: {
    method: 'get',
    path: '/domains',
    scope: 'full',
    tag: 'Domains',
    summary: 'List sender domains',
    description:
      'The domains mail may be sent from, as the operator configured them. Without `limit` all of them.',
    query: PageQuery,
    answers: { 200: DomainList },
    errors: ['validation_error'],
    answerExamples: { all: { object: 'list', has_more: false, data: [DOMAIN] } },
  },
  getDomain: {
    method: 'get',
    path: '/domains/{id}',
    scope: 'full',
    tag: 'Domains',
    summary: 'Read a sender domain',
    description: 'With its DNS records, where the server knows any.',
    params: idParams('domain'),
    answers: { 200: Domain },
    errors: ['not_found'],
    answerExamples: { domain: { object: 'domain', ...DOMAIN, records: [] } },
  },
  getHealth: {
    method: 'get',
    path: '/health',
    scope: 'none',
    keyOptional: true,
    tag: 'Service',
    summary: 'Ask whether mail can be accepted',
    description:
      '200 while mail can be accepted, 503 while it cannot. With a full-access key the answer also shows each relay, the ' +
      'queue and the storage.',
    answers: { 200: Health },
    errors: ['unavailable'],
    answerExamples: {
      anybody: { status: 'ok' },
      fullAccess: {
        status: 'ok',
        relays: [{ name: 'smtp.example.net', state: 'open', reason: null, since: null, next_probe_at: null }],
        queue: { depth: 3, oldest_due_at: '2026-02-22T23:41:12.126Z' },
        storage: { writable: true, free_bytes: 48318382080 },
      },
    },
  },
  getOpenapiYaml: {
    method: 'get',
    path: '/openapi.yaml',
    scope: 'none',
    tag: 'Service',
    summary: 'This description as YAML',
    description: 'OpenAPI 3.1.',
    answers: { 200: { mediaType: 'application/yaml' } },
    errors: [],
  },
  getOpenapiJson: {
    method: 'get',
    path: '/openapi.json',
    scope: 'none',
    tag: 'Service',
    summary: 'This description as JSON',
    description: 'OpenAPI 3.1.',
    answers: { 200: z.looseObject({ openapi: z.string() }) },
    errors: [],
    answerExamples: { start: { openapi: '3.1.0' } },
  },
  getDocs: {
    method: 'get',
    path: '/docs',
    scope: 'none',
    tag: 'Service',
    summary: 'This description as a page',
    description: 'One page that loads nothing from elsewhere.',
    answers: { 200: { mediaType: 'text/html' } },
    errors: [],
  },
} as const satisfies Record<string, Operation>;
