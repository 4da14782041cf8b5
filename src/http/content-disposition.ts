/** What RFC 8187 §3.2.1 leaves as it is. */
const PLAIN = /[A-Za-z0-9!#$&+.^_`|~-]/;

/** A mail can name a file in 250,000 letters, and clients take 8 to 16 KiB of headers in all: nobody could fetch it any more. */
const MAX_NAME_CHARACTERS = 200;
/** Of those, at the end: the type is there. */
const KEPT_AT_THE_END = 20;

/**
 * `Content-Disposition` of a download (RFC 6266). The name stands twice: in ASCII for readers that know nothing else, and in full. A
 * quote, a backslash or a percent sign in the first would be read differently by different readers.
 */
export function downloadDisposition(filename: string | null): string {
  if (filename === null || filename === '') return 'attachment';
  const name = nameOf(filename);
  const ascii = name.replace(/[^\x20-\x7e]|["\\%]/gu, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended(name)}`;
}

/** No path (RFC 6266 §4.3), and nothing that turns the direction of reading round: `gpj.exe` behind U+202E is read as `exe.jpg`. */
function nameOf(filename: string): string {
  const characters = Array.from(filename.replace(/[/\\]|\p{Cc}|\p{Bidi_Control}/gu, '_'));
  if (characters.length <= MAX_NAME_CHARACTERS) return characters.join('');
  const beginning = characters.slice(0, MAX_NAME_CHARACTERS - KEPT_AT_THE_END);
  return [...beginning, ...characters.slice(-KEPT_AT_THE_END)].join('');
}

function extended(text: string): string {
  let encoded = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
