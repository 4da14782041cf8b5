import type * as z from 'zod';
import { ADDRESS_FIELDS, addressTexts } from './address.ts';
import { Attachments } from './attachment.ts';
import { SendEmail } from './email.ts';
import type { Refusal } from './error.ts';
import { type Finding, findingsOf, isAbsent, printPath, valueAt } from './issue.ts';
import { invalidField, missingBodyPart, missingField, notFound, wrongBodyType } from './refusal.ts';

/** What the schemas cannot know: the grammar of mailboxes and moments, and the policy for headers. Null: all is well. */
export interface SendJudges {
  readonly address: (text: string, field: string) => Refusal | null;
  readonly scheduledAt: (text: string, field: string) => Refusal | null;
  /** `field` of the answer is a path within the mail: `headers.X-A`. */
  readonly headers: (
    headers: Readonly<Record<string, string>>,
    hasReplyTo: boolean,
  ) => { readonly field: string; readonly rule: string } | null;
  readonly attachments: (attachments: z.output<typeof Attachments>, field: string) => Refusal | null;
}

export type ReadSend =
  | { readonly ok: true; readonly email: z.output<typeof SendEmail> }
  | { readonly ok: false; readonly refusal: Refusal };

interface Draft {
  readonly body: unknown;
  readonly findings: readonly Finding[];
  readonly judges: SendJudges;
}

/** Checked in this order once addresses are right (section 2.3, fields, step 7); then what the contract leaves open. */
const LATE_FIELDS = [
  'subject',
  'headers',
  'tags',
  'scheduled_at',
  'template',
  'topic_id',
  'attachments',
  'html',
  'text',
  'dry_run',
  'tls',
  'unsubscribe',
] as const;

/** Mails of one caller hold the same few fields; whoever sends every combination there is has each looked at in full. */
const MAX_SHAPES = 64;
const shapes = new Map<string, Pick<typeof SendEmail, 'safeParse'>>();
const REQUIRED: readonly string[] = ['from', 'to', 'subject'];
const OPTIONAL = Object.keys(SendEmail.shape).filter((name) => !REQUIRED.includes(name));

/**
 * The schema without the optional fields that a mail does not have. It finds the same, and does not first refuse a dozen
 * absent values one by one to forgive them then, which costs five times as much.
 */
function schemaFor(body: unknown): Pick<typeof SendEmail, 'safeParse'> {
  if (typeof body !== 'object' || body === null) return SendEmail;
  const names = OPTIONAL.filter((name) => name in body);
  const shape = names.join();
  const known = shapes.get(shape);
  if (known !== undefined || shapes.size >= MAX_SHAPES) return known ?? SendEmail;
  const mask: object = Object.fromEntries([...REQUIRED, ...names].map((name) => [name, true]));
  const picked = SendEmail.pick(mask as { from: true }) as unknown as typeof SendEmail;
  shapes.set(shape, picked);
  return picked;
}

const fieldOf = (draft: Draft, name: string): unknown => valueAt(draft.body, [name]);

/** Templates are not built, so each names one that does not exist. */
function templateRefusal(draft: Draft): Refusal | null {
  if (isAbsent(fieldOf(draft, 'template'))) return null;
  const finding = draft.findings.find(({ path }) => path[0] === 'template');
  if (finding !== undefined) return invalidField(printPath(finding.path), finding.rule);
  if (isAbsent(fieldOf(draft, 'html')) && isAbsent(fieldOf(draft, 'text'))) {
    return notFound('Template', 'template');
  }
  return invalidField('template', '`html` and `text` are not allowed beside a template.');
}

function missingRefusal(draft: Draft): Refusal | null {
  const to = fieldOf(draft, 'to');
  if (isAbsent(to) || (Array.isArray(to) && to.length === 0)) return missingField('to');
  if (isAbsent(fieldOf(draft, 'html')) && isAbsent(fieldOf(draft, 'text'))) return missingBodyPart();
  for (const name of ['subject', 'from']) {
    if (isAbsent(fieldOf(draft, name))) return missingField(name);
  }
  return null;
}

function schemaRefusal(
  draft: Draft,
  name: string,
  isMeant: (finding: Finding) => boolean = () => true,
): Refusal | null {
  const finding = draft.findings.find((found) => found.path[0] === name && isMeant(found));
  return finding === undefined ? null : invalidField(printPath(finding.path), finding.rule);
}

/** Syntax of every field first, counts after that. */
function addressRefusal(draft: Draft): Refusal | null {
  for (const name of ADDRESS_FIELDS) {
    const shape = schemaRefusal(draft, name, ({ kind }) => kind !== 'count');
    if (shape !== null) return shape;
    for (const { text, field } of addressTexts(draft.body, name)) {
      const refusal = draft.judges.address(text, field);
      if (refusal !== null) return refusal;
    }
  }
  for (const name of ADDRESS_FIELDS) {
    const count = schemaRefusal(draft, name, ({ kind }) => kind === 'count');
    if (count !== null) return count;
  }
  return null;
}

function headersRefusal(draft: Draft): Refusal | null {
  const headers = fieldOf(draft, 'headers') as Readonly<Record<string, string>>;
  const hasReplyTo = addressTexts(draft.body, 'reply_to').length > 0;
  const problem = draft.judges.headers(headers, hasReplyTo);
  if (problem === null) return null;
  return invalidField(problem.field, problem.rule);
}

/** What is well-formed and still cannot be done. */
function meaningRefusal(draft: Draft, name: (typeof LATE_FIELDS)[number]): Refusal | null {
  const value = fieldOf(draft, name);
  if (isAbsent(value)) return null;
  switch (name) {
    case 'headers':
      return headersRefusal(draft);
    case 'scheduled_at':
      return typeof value === 'string' ? draft.judges.scheduledAt(value, name) : null;
    case 'topic_id':
      return notFound('Topic', name);
    case 'attachments':
      return draft.judges.attachments(Attachments.parse(value), name);
    default:
      return null;
  }
}

function lateRefusal(draft: Draft): Refusal | null {
  for (const name of LATE_FIELDS) {
    const refusal = schemaRefusal(draft, name) ?? meaningRefusal(draft, name);
    if (refusal !== null) return refusal;
  }
  return null;
}

/**
 * Validates one mail and finds the refusal that comes first by the contract (section 2.3, fields of a send). `body` has
 * been through `tolerate`.
 */
export function readSend(call: { readonly body: unknown; readonly judges: SendJudges }): ReadSend {
  const parsed = schemaFor(call.body).safeParse(call.body);
  const findings = parsed.success ? [] : findingsOf(parsed.error);
  const root = findings.find(({ path }) => path.length === 0);
  if (root !== undefined) return { ok: false, refusal: wrongBodyType(root.rule) };
  const draft: Draft = { body: call.body, findings, judges: call.judges };
  const refusal =
    templateRefusal(draft) ?? missingRefusal(draft) ?? addressRefusal(draft) ?? lateRefusal(draft);
  if (refusal !== null) return { ok: false, refusal };
  if (parsed.success) return { ok: true, email: parsed.data };
  throw new Error(
    `A field of the schema has no place in the order of checks: ${findings[0]?.path.join('.')}`,
  );
}
