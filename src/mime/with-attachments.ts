import { attachmentEntity } from './attachment-entity.ts';
import type { Entity } from './entity.ts';
import { multipart } from './entity.ts';
import type { Message, MessageAttachment } from './message.ts';

/** The parts that a message has beside its files. */
export interface Texts {
  readonly text: Entity | null;
  readonly html: Entity | null;
}

/**
 * The tree of a message with files:
 *
 *     mixed ─┬─ alternative ─┬─ text
 *            │               └─ related ─┬─ html
 *            │                           └─ files that html refers to
 *            └─ all other files
 *
 * A level that would hold one part only is left out, but for `mixed`. Without html nothing refers to a file, and a file
 * with a content id stands among the others.
 */
export async function entityWithAttachments(message: Message, { text, html }: Texts): Promise<Entity> {
  const isRelated = (attachment: MessageAttachment): boolean =>
    html !== null && attachment.contentId !== null;
  const boundary = (level: string): string => `mw-${message.boundary}-${level}`;
  const related = await entitiesOf(message.attachments.filter(isRelated));
  const others = await entitiesOf(message.attachments.filter((attachment) => !isRelated(attachment)));
  const shown =
    html === null || related.length === 0
      ? html
      : multipart('related; type="text/html"', boundary('related'), [html, ...related]);
  const versions = [text, shown].filter((version) => version !== null);
  const body = versions.length > 1 ? [multipart('alternative', boundary('alternative'), versions)] : versions;
  const [only] = body;
  return others.length === 0 && only !== undefined
    ? only
    : multipart('mixed', boundary('mixed'), [...body, ...others]);
}

/** One after the other: a message file is looked through here, and two at once would be two in memory. */
async function entitiesOf(attachments: readonly MessageAttachment[]): Promise<readonly Entity[]> {
  const entities: Entity[] = [];
  for (const attachment of attachments) entities.push(await attachmentEntity(attachment));
  return entities;
}
