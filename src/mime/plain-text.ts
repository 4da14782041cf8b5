import { convert } from 'html-to-text';
import { stripMarkup } from './strip-markup.ts';

/**
 * Beyond these the library's cost is no longer ours to promise: 300,000 unclosed `<b>` take it eight seconds. The text is
 * then made by `stripMarkup`, in one pass.
 */
const MAX_LENGTH = 1024 * 1024;
const MAX_DEPTH = 100;
const MAX_TAGS = 20_000;

/** Elements that never have content, and so never nest. */
const VOID = new Set('area base br col embed hr img input link meta source wbr'.split(' '));

/**
 * The text part that goes beside an HTML part when the caller gave none: links with their addresses, no images, lists and
 * headings as text. The same HTML always gives the same text. Lines are not wrapped: the reader's window does that.
 */
export function textFromHtml(html: string): string {
  if (html.length > MAX_LENGTH || !isModest(html)) return stripMarkup(html);
  const text = convert(html, {
    wordwrap: false,
    limits: { maxInputLength: MAX_LENGTH, maxDepth: MAX_DEPTH * 2 },
    selectors: [
      { selector: 'img', format: 'skip' },
      { selector: 'a', options: { hideLinkHrefIfSameAsText: true } },
      // Rows and cells of layout tables, which the library would run together.
      { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
      ...['td', 'th'].map((selector) => ({ selector, format: 'inlineSurround', options: { suffix: ' ' } })),
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        options: { uppercase: false },
      })),
    ],
  });
  return tidied(text);
}

/** No white space at line ends, and no more than one empty line in a row: layout tables leave many. */
function tidied(text: string): string {
  const lines = text.split('\n').map((line) => line.trimEnd());
  return lines
    .filter((line, i) => line !== '' || lines[i - 1] !== '')
    .join('\n')
    .trim();
}

/**
 * Counts tags, and an upper bound of how deep they nest: a start tag counts, the end tag of an open element takes one back.
 * Where end tags are left out the bound is far off, and then the strip loses some form; the library, at its limit of depth,
 * would lose text.
 */
function isModest(html: string): boolean {
  const open = new Map<string, number>();
  let tags = 0;
  let depth = 0;
  for (let at = html.indexOf('<'); at >= 0; at = html.indexOf('<', at + 1)) {
    const tag = /^\/?[a-z][a-z0-9]*/i.exec(html.slice(at + 1, at + 12))?.[0].toLowerCase();
    if (tag === undefined) continue;
    const isEnd = tag.startsWith('/');
    const name = isEnd ? tag.slice(1) : tag;
    const before = open.get(name) ?? 0;
    tags += 1;
    if (isEnd && before > 0) {
      open.set(name, before - 1);
      depth -= 1;
    } else if (!isEnd && !VOID.has(name)) {
      open.set(name, before + 1);
      depth += 1;
    }
    if (tags > MAX_TAGS || depth > MAX_DEPTH) return false;
  }
  return true;
}
