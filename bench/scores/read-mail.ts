import type { BodyPart } from '../../src/mime/body-parts.ts';
import { parseBlocks, readParts } from '../../src/mime/parse-mail.ts';
import type { ParseCall, ParsedAttachment, ParsedMail } from '../../src/mime/parsed.ts';

const BLOCK_BYTES = 64 * 1024;

/** What a reader of mail answers that the answers beside the corpora can be held against. */
export interface ReadFacts
  extends Pick<ParsedMail<Buffer>, 'from' | 'to' | 'cc' | 'subject' | 'date' | 'text' | 'html'> {
  readonly attachments: readonly Pick<ParsedAttachment<Buffer>, 'kept' | 'size' | 'contentType'>[];
}

export type Reader = (bytes: Uint8Array) => Promise<ReadFacts>;

/** The mail, with its files in memory. */
export async function readMail(bytes: Uint8Array, blockBytes = BLOCK_BYTES): Promise<ParsedMail<Buffer>> {
  return parseBlocks(callOf(bytes, blockBytes), blockBytes);
}

/** The decoded bytes of all parts in their order, those of enclosed mail instead of that mail. */
export async function decodedParts(bytes: Uint8Array): Promise<readonly Buffer[]> {
  const reader = await readParts(callOf(bytes, BLOCK_BYTES), BLOCK_BYTES);
  const files = reader.files.done.values();
  const parts: Buffer[] = [];
  for (const leaf of leavesOf(reader.root)) {
    if (leaf.kind === 'text') parts.push(Buffer.from(leaf.content.bytes));
    else {
      const file = files.next().value;
      if (file?.contentType === 'message/rfc822') parts.push(...(await decodedParts(file.kept)));
      else if (file !== undefined) parts.push(file.kept);
    }
  }
  return parts;
}

function* leavesOf(part: BodyPart): Generator<Exclude<BodyPart, { readonly kind: 'multipart' }>> {
  if (part.kind === 'multipart') for (const inner of part.parts) yield* leavesOf(inner);
  else yield part;
}

function callOf(bytes: Uint8Array, step: number): ParseCall<Buffer> {
  return {
    source: oneBy(bytes, step),
    sink: async (_head, body) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of body) pieces.push(piece);
      return Buffer.concat(pieces);
    },
  };
}

async function* oneBy(bytes: Uint8Array, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** The same mail with other line ends. */
export function withLineEnds(bytes: Uint8Array, end: 'LF' | 'CRLF'): Buffer {
  const text = Buffer.from(bytes).toString('latin1').replace(/\r\n?/g, '\n');
  return Buffer.from(end === 'LF' ? text : text.replaceAll('\n', '\r\n'), 'latin1');
}
