import type * as z from 'zod';

/** One thing a schema found: where, and the sentence that names the rule. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  /** `count`: too many or too few. `rule`: a sentence of ours was not kept. `shape`: it is not what it should be. */
  readonly kind: 'count' | 'rule' | 'shape';
  readonly rule: string;
}

/** A path segment is printed in messages, and a caller chose it: no more than this much of it. */
const MAX_SEGMENT = 64;

/** Names that need no quotes: ours, and header names. */
const PLAIN = /^[A-Za-z0-9_-]+$/;

function printSegment(segment: PropertyKey, isFirst: boolean): string {
  if (typeof segment === 'number') return `[${segment}]`;
  const name = String(segment);
  const cut = name.length > MAX_SEGMENT ? `${name.slice(0, MAX_SEGMENT)}…` : name;
  if (!PLAIN.test(name)) return `[${JSON.stringify(cut.toWellFormed())}]`;
  return isFirst ? cut : `.${cut}`;
}

/** `['attachments', 1, 'content']` as `attachments[1].content`. */
export function printPath(path: readonly PropertyKey[]): string {
  return path.map((segment, index) => printSegment(segment, index === 0)).join('');
}

/** The branch that came furthest is the one the caller meant; where none did, the union's own sentence is the better one. */
function nearestBranch(issue: z.core.$ZodIssueInvalidUnion): Finding | null {
  const branches = issue.errors.flatMap((branch) => branch[0] ?? []).map(findingOf);
  const counts = branches.filter((finding) => finding.kind === 'count');
  const deep = branches.filter((finding) => finding.path.length > 0);
  return deep[0] ?? counts[0] ?? null;
}

function kindOf({ code }: z.core.$ZodIssue): Finding['kind'] {
  if (code === 'too_big' || code === 'too_small') return 'count';
  return code === 'custom' ? 'rule' : 'shape';
}

function findingOf(issue: z.core.$ZodIssue): Finding {
  if (issue.code === 'invalid_union') {
    const nearest = nearestBranch(issue);
    if (nearest !== null) return { ...nearest, path: [...issue.path, ...nearest.path] };
  }
  return {
    path: issue.path,
    kind: kindOf(issue),
    rule: issue.message,
  };
}

/** All findings of a failed parse, in the order of the schema. */
export function findingsOf(error: z.ZodError): readonly Finding[] {
  return error.issues.map(findingOf);
}

/** What stands at a path of a body that was not validated; undefined when the path leads nowhere. */
export function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const segment of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[segment];
  }
  return value;
}

/** Absent, `null` and `''` are one (section 2.2). */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
