/** What RFC 8187 §3.2.1 leaves as it is. */
const PLAIN = /[A-Za-z0-9!#$&+.^_`|~-]/;

/**
 * `Content-Disposition` of a download (RFC 6266). The name stands twice: in ASCII for readers that know nothing else, and in full. A
 * quote, a backslash or a percent sign in the first would be read differently by different readers.
 */
export function downloadDisposition(filename: string | null): string {
  if (filename === null || filename === '') return 'attachment';
  const ascii = filename.replace(/[^\x20-\x7e]|["\\%]/gu, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${extended(filename)}`;
}

function extended(text: string): string {
  let encoded = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
