import { type BodyPart, bodyLists, type TextContent, type TextPart } from './body-parts.ts';
import { charsetOf, decodeCharset } from './charsets.ts';
import { unflowed } from './flowed.ts';
import { MAX_TEXT_LINES } from './parse-limits.ts';

/** How far a page is searched for the charset that it declares itself (the Encoding standard's prescan). */
const PRESCAN_BYTES = 1_024;
const META_CHARSET = /<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,64})/i;

/**
 * The plain and the HTML body of a mail, decoded, with LF line ends; null for a form that the mail does not have. A part that
 * stands in both is in the HTML as text.
 *
 * @param elsewhere the charset that some other part of the mail declares
 */
export function bodyTexts(
  root: BodyPart,
  elsewhere: string | null,
): { readonly text: string | null; readonly html: string | null } {
  const lists = bodyLists(root);
  const decoded = new Map<TextPart, string>();
  const textOf = (part: TextPart): string => {
    const known = decoded.get(part) ?? decodedText(part, elsewhere);
    decoded.set(part, known);
    return known;
  };
  const plain = lists.text.filter(({ type }) => type === 'plain');
  const hasHtml = lists.html.some(({ type }) => type === 'html');
  return {
    text: plain.length === 0 ? null : joined(plain.map(textOf)),
    html: hasHtml
      ? joined(lists.html.map((part) => (part.type === 'html' ? textOf(part) : asHtml(textOf(part)))))
      : null,
  };
}

function decodedText({ type, content }: TextPart, elsewhere: string | null): string {
  const label = type === 'html' ? pageLabel(content) : content.charset;
  const text = decodeCharset(content.bytes, label, elsewhere).replaceAll('\r\n', '\n');
  return content.isFlowed && !hasManyLines(text) ? unflowed(text, content.delSp) : text;
}

/** The label of the mail goes before that of the page, which a gateway that changed the charset did not see. */
function pageLabel({ bytes, charset }: TextContent): string | null {
  if (charset !== null && charsetOf(charset).kind !== 'undeclared') return charset;
  const beginning = new TextDecoder('windows-1252').decode(bytes.subarray(0, PRESCAN_BYTES));
  return META_CHARSET.exec(beginning)?.[1] ?? charset;
}

function hasManyLines(text: string): boolean {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0 && lines <= MAX_TEXT_LINES; at = text.indexOf('\n', at + 1))
    lines += 1;
  return lines > MAX_TEXT_LINES;
}

/** One after the other, each on a line of its own. */
function joined(texts: readonly string[]): string {
  const shown = texts.filter((text, i) => text !== '' || i === texts.length - 1);
  return shown
    .map((text, i) => (i === shown.length - 1 || text.endsWith('\n') ? text : `${text}\n`))
    .join('');
}

function asHtml(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<pre>${escaped}</pre>\n`;
}
