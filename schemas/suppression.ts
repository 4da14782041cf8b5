import * as z from 'zod';
import { GivenId, goneOf, Id, refOf, Time } from './id.ts';
import { listOf, pageQuery } from './page.ts';
import { CLEAN_TEXT_RULE, hasAtMostCharacters, isCleanText } from './text.ts';

export const MAX_SUPPRESSION_BATCH = 100;
export const MAX_NOTE_CHARACTERS = 500;
export const ORIGINS = ['bounce', 'complaint', 'manual'] as const;

const EmailAddress = z
  .string({ error: 'A string is expected.' })
  .min(1, 'An address is expected.')
  .meta({ description: 'An address without a name.', format: 'email', example: 'ada@example.net' });

/** An end and a reason, for this entry or for all of a batch. */
const terms = {
  expires_at: z.iso
    .datetime({ offset: true, error: 'An ISO 8601 time with `Z` or an offset is expected.' })
    .meta({
      description: 'Extension. After this moment the entry no longer applies.',
      'x-extension': true,
      example: '2026-12-31T00:00:00.000Z',
    })
    .exactOptional(),
  note: z
    .string({ error: 'A string is expected.' })
    .refine((text) => hasAtMostCharacters(text, MAX_NOTE_CHARACTERS), {
      error: `At most ${MAX_NOTE_CHARACTERS} characters are allowed.`,
    })
    .refine(isCleanText, CLEAN_TEXT_RULE)
    .meta({
      description: 'Extension. Your own words about why.',
      'x-extension': true,
      maxLength: MAX_NOTE_CHARACTERS,
    })
    .exactOptional(),
};

const COUNT_RULE = `1 to ${MAX_SUPPRESSION_BATCH} entries are expected.`;
const AS_ARRAY = { error: 'An array is expected.' };

const Emails = z.array(EmailAddress, AS_ARRAY).min(1, COUNT_RULE).max(MAX_SUPPRESSION_BATCH, COUNT_RULE);

const Ids = z.array(GivenId, AS_ARRAY).min(1, COUNT_RULE).max(MAX_SUPPRESSION_BATCH, COUNT_RULE);

export const CreateSuppression = z
  .object({ email: EmailAddress, ...terms }, { error: 'An object is expected.' })
  .meta({ id: 'CreateSuppression' });

export const AddSuppressions = z
  .object({ emails: Emails, ...terms }, { error: 'An object is expected.' })
  .meta({ id: 'AddSuppressions' });

export const RemoveSuppressions = z
  .object({ emails: Emails.exactOptional(), ids: Ids.exactOptional() }, { error: 'An object is expected.' })
  .superRefine((body, context) => {
    if ((body.emails === undefined) === (body.ids === undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['emails'],
        message: 'Exactly one of `emails` and `ids` is expected.',
      });
    }
  })
  .meta({ id: 'RemoveSuppressions', description: 'Exactly one of `emails` and `ids`.' });

export const Suppression = z
  .object({
    object: z.literal('suppression'),
    id: Id,
    email: z.string(),
    origin: z.enum(ORIGINS),
    source_id: z.nullable(Id).meta({ description: 'The e-mail behind it.' }),
    created_at: Time,
    expires_at: z.nullable(Time).meta({ description: 'Extension.', 'x-extension': true }),
    note: z.nullable(z.string()).meta({ description: 'Extension.', 'x-extension': true }),
  })
  .meta({ id: 'Suppression' });

export const SuppressionQuery = pageQuery({
  origin: z
    .enum(ORIGINS, { error: '`bounce`, `complaint` or `manual` is expected.' })
    .meta({ description: 'Only entries that came about this way.' })
    .exactOptional(),
});

export const SuppressionParams = z.object({
  id: z.string().min(1).meta({
    description: 'The id of the entry, or its address, percent-encoded.',
    example: 'ada@example.net',
  }),
});

export const SuppressionList = listOf(Suppression).meta({ id: 'SuppressionList' });
export const SuppressionRef = refOf('suppression').meta({ id: 'SuppressionRef' });
export const SuppressionGone = goneOf('suppression').meta({ id: 'SuppressionGone' });
export const SuppressionsAdded = z
  .object({ data: z.array(SuppressionRef) })
  .meta({ id: 'SuppressionsAdded' });
export const SuppressionsRemoved = z
  .object({ data: z.array(SuppressionGone) })
  .meta({ id: 'SuppressionsRemoved' });
