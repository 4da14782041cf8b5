import * as z from 'zod';
import { GivenId, goneOf, Id, idParams, refOf, Time } from './id.ts';
import { listOf } from './page.ts';
import { hasAtMostCharacters } from './text.ts';

const MAX_ACTIONS = 10;
const MAX_POSITION = 1_000;
/** One line of an SMTP reply has 512 octets at most (RFC 5321 §4.5.3.1.5); what is said in it should be read. */
const MAX_REJECT_CHARACTERS = 200;

const AS_OBJECT = { error: 'An object is expected.' };
const AS_TEXT = { error: 'A string is expected.' };

const Recipient = z.string(AS_TEXT).min(1, 'An address is expected.').meta({
  description: 'This envelope recipient; case does not matter.',
  example: 'support@example.com',
});
const MatchDomain = z.string(AS_TEXT).min(1, 'A domain is expected.').meta({
  description: 'Every recipient of this domain.',
  example: 'example.com',
});
const Pattern = z.string(AS_TEXT).min(1, 'A pattern is expected.').meta({
  description: 'An address in which `*` stands for any run of characters but `@`.',
  example: 'support+*@example.com',
});

const MATCH_RULE = 'Exactly one of `recipient`, `domain` and `pattern` is expected.';

const Match = z
  .object(
    {
      recipient: Recipient.exactOptional(),
      domain: MatchDomain.exactOptional(),
      pattern: Pattern.exactOptional(),
    },
    AS_OBJECT,
  )
  .refine(({ recipient, domain, pattern }) => {
    return [recipient, domain, pattern].filter((given) => given !== undefined).length === 1;
  }, MATCH_RULE)
  .meta({ id: 'RouteMatch', description: `What the route is about. ${MATCH_RULE}` });

/** It stands in an SMTP reply, whose lines a stranger reads and a line break would end. */
function isOneVisibleLine(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(text) && text.trim() !== '';
}

const Message = z
  .string(AS_TEXT)
  .refine(
    (text) => isOneVisibleLine(text) && hasAtMostCharacters(text, MAX_REJECT_CHARACTERS),
    `One line of 1 to ${MAX_REJECT_CHARACTERS} visible characters is expected.`,
  )
  .meta({
    description: 'Told to the sending server where the source can, in one line.',
    minLength: 1,
    maxLength: MAX_REJECT_CHARACTERS,
    example: 'This address takes no mail any more.',
  });

export const RouteAction = z
  .discriminatedUnion(
    'type',
    [
      z.object({ type: z.literal('store') }, AS_OBJECT).meta({ description: 'Kept, and told to nobody.' }),
      z
        .object({ type: z.literal('webhook'), webhook_id: GivenId }, AS_OBJECT)
        .meta({ description: 'Kept, and told to this webhook.' }),
      z
        .object(
          { type: z.literal('forward'), to: z.string(AS_TEXT).min(1, 'An address is expected.') },
          AS_OBJECT,
        )
        .meta({ description: 'Kept, and passed on to an address of FORWARD_TO.' }),
      z.object({ type: z.literal('drop') }, AS_OBJECT).meta({ description: 'Accepted and thrown away.' }),
      z
        .object({ type: z.literal('reject'), message: Message }, AS_OBJECT)
        .meta({ description: 'Refused, where the source can refuse.' }),
    ],
    { error: 'An action with the type `store`, `webhook`, `forward`, `drop` or `reject` is expected.' },
  )
  .meta({ id: 'RouteAction' });

const COUNT_RULE = `1 to ${MAX_ACTIONS} actions are expected.`;
const ALONE = new Set(['drop', 'reject']);

const Actions = z
  .array(RouteAction, { error: 'An array of actions is expected.' })
  .min(1, COUNT_RULE)
  .max(MAX_ACTIONS, COUNT_RULE)
  .superRefine((actions, context) => {
    const alone = actions.findIndex(({ type }) => ALONE.has(type));
    if (alone < 0 || actions.length === 1) return;
    const message = `\`${actions[alone]?.type}\` stands alone.`;
    context.addIssue({ code: 'custom', path: [alone], message });
  })
  .meta({ description: '`drop` and `reject` stand alone; the others go together.' });

const Position = z
  .int({ error: 'A whole number is expected.' })
  .min(0, 'It counts from 0.')
  .max(MAX_POSITION, `At most ${MAX_POSITION} is expected.`);

const Enabled = z.boolean({ error: '`true` or `false` is expected.' });

export const CreateRoute = z
  .object(
    {
      match: Match,
      actions: Actions,
      position: Position.meta({
        description: 'Its place, from 0; those behind it move on. Default: the last.',
      }).exactOptional(),
      enabled: Enabled.meta({ description: 'Default `true`.' }).exactOptional(),
    },
    AS_OBJECT,
  )
  .meta({ id: 'CreateRoute' });

export const UpdateRoute = z
  .object(
    {
      match: Match.exactOptional(),
      actions: Actions.meta({ description: 'Replaces the list.' }).exactOptional(),
      position: Position.exactOptional(),
      enabled: Enabled.exactOptional(),
    },
    AS_OBJECT,
  )
  .meta({ id: 'UpdateRoute', description: 'What is left out stays as it is.' });

const summary = {
  id: Id,
  match: Match,
  actions: z.array(RouteAction),
  position: z.int(),
  enabled: z.boolean(),
  created_at: Time,
};

export const RouteSummary = z.object(summary).meta({ id: 'RouteSummary' });
export const Route = z.object({ object: z.literal('route'), ...summary }).meta({ id: 'Route' });
export const RouteList = listOf(RouteSummary).meta({ id: 'RouteList' });
export const RouteRef = refOf('route').meta({ id: 'RouteRef' });
export const RouteGone = goneOf('route').meta({ id: 'RouteGone' });
export const RouteParams = idParams('route');
