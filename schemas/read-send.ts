import type * as z from 'zod';
import { ADDRESS_FIELDS, addressTexts } from './address.ts';
import { SendEmail } from './email.ts';
import type { Refusal } from './error.ts';
import { type Finding, findingsOf, isAbsent, joinPath, valueAt } from './issue.ts';
import {
  attachmentsUnavailable,
  invalidField,
  missingBodyPart,
  missingField,
  notFound,
  wrongBodyType,
} from './refusal.ts';

/** What the schemas cannot know: the grammar of mailboxes and moments, and the policy for headers. Null: all is well. */
export interface SendJudges {
  readonly address: (text: string, field: string) => Refusal | null;
  readonly scheduledAt: (text: string, field: string) => Refusal | null;
  /** `field` of the answer is a path within the mail: `headers.X-A`. */
  readonly headers?: (
    headers: Readonly<Record<string, string>>,
    hasReplyTo: boolean,
  ) => { readonly field: string; readonly rule: string } | null;
}

export type ReadSend =
  | { readonly ok: true; readonly email: z.output<typeof SendEmail> }
  | { readonly ok: false; readonly refusal: Refusal };

interface Draft {
  readonly body: unknown;
  /** The path of the mail in a batch, such as `[2]`, or nothing. */
  readonly at: string;
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
] as const;

const fieldOf = (draft: Draft, name: string): unknown => valueAt(draft.body, [name]);
const pathOf = (draft: Draft, name: string): string => joinPath(draft.at, [name]);

/** Templates are not built, so each names one that does not exist. */
function templateRefusal(draft: Draft): Refusal | null {
  if (isAbsent(fieldOf(draft, 'template'))) return null;
  const finding = draft.findings.find(({ path }) => path[0] === 'template');
  if (finding !== undefined) return invalidField(joinPath(draft.at, finding.path), finding.rule);
  if (isAbsent(fieldOf(draft, 'html')) && isAbsent(fieldOf(draft, 'text'))) {
    return notFound('Template', pathOf(draft, 'template'));
  }
  return invalidField(pathOf(draft, 'template'), '`html` and `text` are not allowed beside a template.');
}

function missingRefusal(draft: Draft): Refusal | null {
  const to = fieldOf(draft, 'to');
  if (isAbsent(to) || (Array.isArray(to) && to.length === 0)) return missingField(pathOf(draft, 'to'));
  if (isAbsent(fieldOf(draft, 'html')) && isAbsent(fieldOf(draft, 'text'))) return missingBodyPart(draft.at);
  for (const name of ['subject', 'from']) {
    if (isAbsent(fieldOf(draft, name))) return missingField(pathOf(draft, name));
  }
  return null;
}

function schemaRefusal(
  draft: Draft,
  name: string,
  isMeant: (finding: Finding) => boolean = () => true,
): Refusal | null {
  const finding = draft.findings.find((found) => found.path[0] === name && isMeant(found));
  return finding === undefined ? null : invalidField(joinPath(draft.at, finding.path), finding.rule);
}

/** Syntax of every field first, counts after that. */
function addressRefusal(draft: Draft): Refusal | null {
  for (const name of ADDRESS_FIELDS) {
    const shape = schemaRefusal(draft, name, ({ kind }) => kind !== 'count');
    if (shape !== null) return shape;
    for (const { text, path } of addressTexts(draft.body, name)) {
      const refusal = draft.judges.address(text, joinPath(draft.at, path));
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
  const problem = draft.judges.headers?.(headers, hasReplyTo) ?? null;
  if (problem === null) return null;
  return invalidField(draft.at === '' ? problem.field : `${draft.at}.${problem.field}`, problem.rule);
}

/** What is well-formed and still cannot be done. */
function meaningRefusal(draft: Draft, name: (typeof LATE_FIELDS)[number]): Refusal | null {
  const value = fieldOf(draft, name);
  if (isAbsent(value)) return null;
  const field = pathOf(draft, name);
  switch (name) {
    case 'headers':
      return headersRefusal(draft);
    case 'scheduled_at':
      return typeof value === 'string' ? draft.judges.scheduledAt(value, field) : null;
    case 'topic_id':
      return notFound('Topic', field);
    case 'attachments':
      return Array.isArray(value) && value.length > 0 ? attachmentsUnavailable(field) : null;
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
export function readSend(call: {
  readonly body: unknown;
  readonly at?: string;
  readonly judges: SendJudges;
}): ReadSend {
  const at = call.at ?? '';
  const parsed = SendEmail.safeParse(call.body);
  const findings = parsed.success ? [] : findingsOf(parsed.error);
  const root = findings.find(({ path }) => path.length === 0);
  if (root !== undefined) {
    return { ok: false, refusal: at === '' ? wrongBodyType(root.rule) : invalidField(at, root.rule) };
  }
  const draft: Draft = { body: call.body, at, findings, judges: call.judges };
  const refusal =
    templateRefusal(draft) ?? missingRefusal(draft) ?? addressRefusal(draft) ?? lateRefusal(draft);
  if (refusal !== null) return { ok: false, refusal };
  if (parsed.success) return { ok: true, email: parsed.data };
  throw new Error(
    `A field of the schema has no place in the order of checks: ${findings[0]?.path.join('.')}`,
  );
}
