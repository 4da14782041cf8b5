import * as z from 'zod';
import { GivenId, goneOf, Id, refOf, Time } from './id.ts';
import { listOf } from './page.ts';
import { CLEAN_TEXT_RULE, hasAtMostCharacters, isCleanText } from './text.ts';

export const MAX_KEY_NAME_CHARACTERS = 50;
export const PERMISSIONS = ['full_access', 'sending_access'] as const;

const KeyName = z
  .string({ error: 'A string is expected.' })
  .min(1, 'A name is expected.')
  .refine((text) => hasAtMostCharacters(text, MAX_KEY_NAME_CHARACTERS), {
    error: `At most ${MAX_KEY_NAME_CHARACTERS} characters are allowed.`,
  })
  .refine(isCleanText, CLEAN_TEXT_RULE)
  .meta({ maxLength: MAX_KEY_NAME_CHARACTERS, example: 'Production' });

const Permission = z
  .enum(PERMISSIONS, { error: '`full_access` or `sending_access` is expected.' })
  .meta({ description: '`sending_access` may only send. Default `full_access`.' });

export const CreateApiKey = z
  .object(
    {
      name: KeyName,
      permission: Permission.exactOptional(),
      domain_id: GivenId.meta({
        format: 'uuid',
        description: 'The only domain this key may send from.',
      }).exactOptional(),
    },
    { error: 'An object is expected.' },
  )
  .meta({ id: 'CreateApiKey' });

export const UpdateApiKey = z
  .object({ name: KeyName }, { error: 'An object is expected.' })
  .meta({ id: 'UpdateApiKey' });

export const CreatedApiKey = z
  .object({
    object: z.literal('api_key'),
    id: Id,
    token: z
      .string()
      .meta({ description: 'The key itself. It is shown here and never again.', 'x-secret': true }),
  })
  .meta({ id: 'CreatedApiKey' });

export const ApiKey = z
  .object({
    id: Id,
    name: z.string(),
    created_at: Time,
    last_used_at: z.nullable(Time),
    permission: z.enum(PERMISSIONS).meta({ description: 'Extension.', 'x-extension': true }),
    domain_id: z
      .nullable(Id)
      .meta({ description: 'Extension. The only domain this key may send from.', 'x-extension': true }),
  })
  .meta({ id: 'ApiKey' });

export const ApiKeyList = listOf(ApiKey).meta({ id: 'ApiKeyList' });
export const ApiKeyRef = refOf('api_key').meta({ id: 'ApiKeyRef' });
export const ApiKeyGone = goneOf('api_key').meta({ id: 'ApiKeyGone' });
