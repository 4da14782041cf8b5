import { malformedBody } from '../../schemas/refusal.ts';
import { Content, readContent } from './content.ts';
import { hex } from './digest.ts';
import { findingText, findLoneSurrogate, halfPair, type Json, type ParsedJson, utf8 } from './json.ts';
import { guardJson, type Span } from './json-guard.ts';

const NONCE_BYTES = 16;

interface SendLimits {
  /** Of one file. */
  readonly maxBytes: number;
  readonly randomBytes: (length: number) => Uint8Array;
}

/**
 * The JSON of a send. The content of attachments is cut out of the text before anything parses it, and decoded straight into the
 * bytes of the file: a file of 25 MiB is then in memory twice, as base64 and as itself, and soon only as itself. In the
 * value a `Content` stands in its place.
 */
export function parseSendJson(bytes: Uint8Array<ArrayBuffer>, limits: SendLimits): ParsedJson {
  if (bytes.length === 0) return { ok: true, value: {} };
  const finding = guardJson(bytes, true);
  if (finding.kind !== 'passed') return { ok: false, refusal: malformedBody(findingText(finding)) };
  // Nobody outside can know the word that stands for what was cut out, so nobody can write it himself.
  const nonce = finding.contents.length === 0 ? null : hex(limits.randomBytes(NONCE_BYTES));
  const value = parsed(bytes, finding.contents, nonce);
  const contents = finding.contents.map(({ start, end }) =>
    value === undefined ? null : readContent(bytes.subarray(start, end), limits),
  );
  if (value === undefined || contents.includes(null)) {
    return { ok: false, refusal: malformedBody('It is not JSON in UTF-8.') };
  }
  if (finding.loneSurrogate) {
    const field = findLoneSurrogate(value, '');
    // In a content it is that content's affair: it decodes to nothing.
    if (field !== null || contents.length === 0) return { ok: false, refusal: halfPair(field || 'body') };
  }
  for (const attachment of attachmentsIn(value)) {
    const read = contentOf(attachment['content'], { nonce, contents, limits });
    if (read !== null) attachment['content'] = read;
  }
  return { ok: true, value };
}

/** The text without its contents; undefined when it is no JSON. */
function parsed(bytes: Uint8Array, contents: readonly Span[], nonce: string | null): Json | undefined {
  try {
    if (contents.length === 0) return JSON.parse(utf8(bytes));
    let text = '';
    let from = 0;
    for (const [index, { start, end }] of contents.entries()) {
      text += `${utf8(bytes.subarray(from, start))}"${nonce}${index}"`;
      from = end;
    }
    return JSON.parse(text + utf8(bytes.subarray(from)));
  } catch {
    return undefined;
  }
}

/** The contents that stand in the JSON of a send. */
export function contentsIn(body: Json): readonly Content[] {
  return [...attachmentsIn(body)].flatMap(({ content }) => (content instanceof Content ? [content] : []));
}

type Attachment = Record<string, unknown>;

/** Of the mail that the body is, or of each in the list that it is. */
function* attachmentsIn(body: Json): Iterable<Attachment> {
  for (const mail of Array.isArray(body) ? body : [body]) {
    const list = isObject(mail) ? mail['attachments'] : undefined;
    for (const attachment of Array.isArray(list) ? list : []) {
      if (isObject(attachment) && Object.hasOwn(attachment, 'content')) yield attachment;
    }
  }
}

/** Null stands for itself: it means absent. What was not cut out (a number; a key written in escapes) is read from its value. */
function contentOf(
  value: unknown,
  cut: {
    /** Null when nothing was cut out. */
    readonly nonce: string | null;
    readonly contents: readonly (Content | null)[];
    readonly limits: SendLimits;
  },
): Content | null {
  if (value === null) return null;
  const { nonce, contents, limits } = cut;
  if (nonce !== null && typeof value === 'string' && value.startsWith(nonce)) {
    return contents[Number(value.slice(nonce.length))] ?? null;
  }
  return readContent(new TextEncoder().encode(JSON.stringify(value)), limits);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
