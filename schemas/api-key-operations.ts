import { ApiKeyGone, ApiKeyList, ApiKeyRef, CreateApiKey, CreatedApiKey, UpdateApiKey } from './api-key.ts';
import { idParams } from './id.ts';
import type { Operation } from './operation.ts';
import { PageQuery } from './page.ts';

const ApiKeyParams = idParams('API key');

const ID = 'dacf4072-4119-4d88-932f-6c6126d3a9d9';
const REF = { object: 'api_key', id: ID };

/** Keys: who may call. */
export const API_KEY_OPERATIONS = {
  createApiKey: {
    method: 'post',
    path: '/api-keys',
    scope: 'full',
    tag: 'API keys',
    summary: 'Make an API key',
    description: 'The token is shown in this answer and never again: only its hash is stored.',
    body: CreateApiKey,
    answers: { 201: CreatedApiKey },
    errors: ['invalid_access', 'not_found'],
    examples: {
      full: { name: 'Production' },
      sending: { name: 'Shop', permission: 'sending_access' },
    },
    answerExamples: { made: { ...REF, token: 'mw_…' } },
  },
  listApiKeys: {
    method: 'get',
    path: '/api-keys',
    scope: 'full',
    tag: 'API keys',
    summary: 'List API keys',
    description: 'Newest first. Without `limit` all of them.',
    query: PageQuery,
    answers: { 200: ApiKeyList },
    errors: ['validation_error'],
    answerExamples: {
      all: {
        object: 'list',
        has_more: false,
        data: [
          {
            id: ID,
            name: 'Production',
            created_at: '2026-02-22T23:41:12.126Z',
            last_used_at: null,
            permission: 'full_access',
            domain_id: null,
          },
        ],
      },
    },
  },
  updateApiKey: {
    method: 'patch',
    path: '/api-keys/{id}',
    scope: 'full',
    tag: 'API keys',
    summary: 'Rename an API key',
    description: 'The name is for people; the token stays as it is.',
    params: ApiKeyParams,
    body: UpdateApiKey,
    answers: { 200: ApiKeyRef },
    errors: ['not_found'],
    examples: { rename: { name: 'Production, Europe' } },
    answerExamples: { renamed: REF },
  },
  deleteApiKey: {
    method: 'delete',
    path: '/api-keys/{id}',
    scope: 'full',
    tag: 'API keys',
    summary: 'Revoke an API key',
    description: 'Takes effect with the next request.',
    params: ApiKeyParams,
    answers: { 200: ApiKeyGone },
    errors: ['not_found'],
    answerExamples: { gone: { ...REF, deleted: true } },
  },
} as const satisfies Record<string, Operation>;
