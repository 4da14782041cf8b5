/** Threats section 7: 200,000 fields cost a reader seconds. */
export const MAX_SECTION_BYTES = 256 * 1024;
export const MAX_FIELDS = 1_000;

/** RFC 5322 §2.2: printable ASCII without the colon. White space before the colon (§4.5) is read differently by readers. */
const FIELD = /^([!-9;-~]+):/;

/** One field as it was written, and as it reads. */
export interface WrittenField {
  readonly name: string;
  readonly lower: string;
  /** With its folds, without the CRLF at its end. */
  readonly written: string;
  /** Unfolded and trimmed. */
  readonly value: string;
}

export type SectionReading =
  | { readonly ok: true; readonly fields: readonly WrittenField[] }
  | { readonly ok: false; readonly rule: string };

/** Reads a header section with CRLF line ends, the empty line at its end included. */
export function readHeaderSection(bytes: Uint8Array): SectionReading {
  if (bytes.length > MAX_SECTION_BYTES)
    return { ok: false, rule: `The header must not exceed ${MAX_SECTION_BYTES / 1024} KiB.` };
  // One character for each byte, so that nothing 8-bit is lost before it is refused.
  const section = new TextDecoder('windows-1252').decode(bytes);
  const fields: WrittenField[] = [];
  for (const written of section.split(/\r\n(?![ \t])/)) {
    if (written === '') continue; // behind the last line end
    const name = FIELD.exec(written)?.[1];
    if (name === undefined) return { ok: false, rule: 'The header holds a line that is no field.' };
    // Some readers take a line of white space for the end of the header, others for a fold.
    if (/\r\n[ \t]+(?:\r\n|$)/.test(written))
      return { ok: false, rule: `The field ${name} holds an empty line.` };
    if (/[^\t\r\n\x20-\x7e]/.test(written))
      return {
        ok: false,
        rule: `The field ${name} holds characters that are not printable ASCII; encode them by RFC 2047.`,
      };
    const value = written
      .slice(name.length + 1)
      .replaceAll('\r\n', '')
      .trim();
    fields.push({ name, lower: name.toLowerCase(), written, value });
    if (fields.length > MAX_FIELDS)
      return { ok: false, rule: `The header must not hold more than ${MAX_FIELDS} fields.` };
  }
  return { ok: true, fields };
}
