import type { Segment } from './segments.ts';

/** A body and the fields that describe it (RFC 2045 §2.4). */
export interface Entity {
  /** Each line with its CRLF. */
  readonly fields: string;
  /** Ends in a CRLF, which belongs to the delimiter that follows it and not to the content (RFC 2046 §5.1.1). */
  readonly body: readonly Segment[];
}

/** Several entities as one. `boundary` is not to be found in any of them: it is random and nobody's input. */
export function multipart(
  kind: 'mixed' | 'alternative' | 'related; type="text/html"',
  boundary: string,
  entities: readonly Entity[],
): Entity {
  const delimited = entities.flatMap(({ fields, body }) => [
    ascii(`--${boundary}\r\n${fields}\r\n`),
    ...body,
  ]);
  return {
    fields: `Content-Type: multipart/${kind};\r\n boundary="${boundary}"\r\n`,
    body: [...delimited, ascii(`--${boundary}--\r\n`)],
  };
}

export function ascii(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
