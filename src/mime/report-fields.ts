import type { ParsedField } from './parsed.ts';

/** Beyond this no report goes: 150 recipients, with 1 KiB each, and a header. `message/delivery-status` with 100,000 blocks stops here. */
export const MAX_FIELD_TEXT = 256 * 1024;
/** Groups of fields read from one report: one for the message and one for each recipient. */
export const MAX_GROUPS = 201;
/** Fields read from the header of the returned mail. */
const MAX_ORIGINAL_FIELDS = 200;
/** Characters kept of one value. */
const MAX_VALUE = 2_000;

const FIELD = /^([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)$/;

/** Fields between two empty lines; names in lower case, the first of several values counts. */
export type FieldGroup = ReadonlyMap<string, readonly string[]>;

export function first(group: FieldGroup, name: string): string | null {
  return group.get(name)?.find((value) => value !== '') ?? null;
}

/**
 * The groups of a `message/delivery-status` or `message/feedback-report`. A second recipient begins a group of its own even
 * where the empty line before it was forgotten; what is no field is passed over.
 */
export function readGroups(text: string): readonly FieldGroup[] {
  const groups: Map<string, string[]>[] = [];
  let open: Map<string, string[]> | null = null;
  for (const line of unfolded(text.slice(0, MAX_FIELD_TEXT))) {
    if (line.trim() === '') {
      open = null;
      continue;
    }
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const lower = name.toLowerCase();
    if (open === null || (lower === 'final-recipient' && open.has(lower))) {
      if (groups.length === MAX_GROUPS) break;
      open = new Map();
      groups.push(open);
    }
    const values = open.get(lower);
    if (values === undefined) open.set(lower, [value.trim().slice(0, MAX_VALUE)]);
    else if (values.length < MAX_GROUPS) values.push(value.trim().slice(0, MAX_VALUE));
  }
  return groups;
}

/** The header that a text begins with, up to the first empty line behind a field. */
export function readHeader(text: string): readonly ParsedField[] {
  const fields: ParsedField[] = [];
  for (const line of unfolded(text.slice(0, MAX_FIELD_TEXT))) {
    if (line.trim() === '') {
      if (fields.length > 0) break;
      continue;
    }
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    fields.push({ name: name.toLowerCase(), value: value.trim().slice(0, MAX_VALUE) });
    if (fields.length === MAX_ORIGINAL_FIELDS) break;
  }
  return fields;
}

/** A value with its type, such as `rfc822; a@b.example` and `smtp; 550 no`. The type is null where none stands before it. */
export function readTyped(value: string): { readonly type: string | null; readonly text: string } {
  const [, type, text] = /^\s*([A-Za-z][\w.-]{0,40})\s*;\s*(.*)$/s.exec(value) ?? [];
  return type === undefined || text === undefined
    ? { type: null, text: value.trim() }
    : { type: type.toLowerCase(), text: text.trim() };
}

/** RFC 3461 §4: `+2B` stands for a plus sign. */
export function decodeXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Lines with their folds undone, one after the other, so that a limit met early ends the work. */
function* unfolded(text: string): Generator<string> {
  let pieces: string[] = [];
  for (const line of text.split('\n')) {
    const isFold = pieces.length > 0 && /^[ \t]+\S/.test(line);
    if (!isFold && pieces.length > 0) {
      yield pieces.join(' ');
      pieces = [];
    }
    // An empty line is never folded on to.
    if (line.trim() === '') yield '';
    else pieces.push(isFold ? line.trim() : line.trimEnd());
  }
  if (pieces.length > 0) yield pieces.join(' ');
}
