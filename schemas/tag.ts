import * as z from 'zod';

export const MAX_TAGS = 75;
export const MAX_TAG_CHARACTERS = 256;

const TEXT = z
  .string({ error: 'A string is expected.' })
  .regex(
    /^[A-Za-z0-9_-]{1,256}$/,
    `1 to ${MAX_TAG_CHARACTERS} of the characters A-Z a-z 0-9 _ - are expected.`,
  );

/** A label for the caller's own bookkeeping: in events and lists, never on the wire. */
export const Tag = z
  .object({ name: TEXT, value: TEXT }, { error: 'An object with `name` and `value` is expected.' })
  .meta({ id: 'Tag' });

export const Tags = z
  .array(Tag, { error: 'An array is expected.' })
  .max(MAX_TAGS, `At most ${MAX_TAGS} tags are allowed.`)
  .superRefine((tags, context) => {
    const names = new Set<string>();
    for (const [index, tag] of tags.entries()) {
      if (names.has(tag.name)) {
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'Tag names must be unique.' });
      }
      names.add(tag.name);
    }
  })
  .meta({
    description: `Labels for your own bookkeeping, never part of the message. Up to ${MAX_TAGS}; names are unique.`,
  });
