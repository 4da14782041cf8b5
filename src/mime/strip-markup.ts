/** Elements whose content is not text. */
const UNREAD = ['script', 'style', 'head', 'title', 'template', 'noscript'];
/** Elements that begin a new line. */
const BLOCKS = new Set(
  'address article aside blockquote br dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tr ul'.split(
    ' ',
  ),
);
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', ' '],
]);
const MAX_CODE_POINT = 0x10ffff;

/**
 * The text of HTML without building a tree: for input that is too large or too deep for anything finer. One pass, so that
 * no markup costs more than its length.
 */
export function stripMarkup(html: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) {
      parts.push(html.slice(at));
      break;
    }
    parts.push(html.slice(at, open));
    const tag = /^\/?([a-z][a-z0-9]*)/i.exec(html.slice(open + 1, open + 16));
    const name = tag?.[1]?.toLowerCase() ?? '';
    if (html.startsWith('<!--', open)) at = endBehind(html, '-->', open);
    else if (name === '' && !/^<[!?/]/.test(html.slice(open, open + 2))) {
      parts.push('<');
      at = open + 1;
    } else {
      at = endBehind(html, '>', open);
      if (UNREAD.includes(name) && tag?.[0].startsWith('/') === false) at = endOfElement(html, name, at);
      if (BLOCKS.has(name)) parts.push('\n');
    }
  }
  return tidied(decodeEntities(parts.join('')));
}

function endBehind(html: string, mark: string, from: number): number {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
}

/** Where the end tag begins; without one the rest of the document belongs to the element. */
function endOfElement(html: string, name: string, from: number): number {
  const end = new RegExp(`</${name}`, 'gi');
  end.lastIndex = from;
  return end.exec(html)?.index ?? html.length;
}

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES.get(name) ?? whole;
      const code = Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10);
      const isCharacter = code >= 0x20 && code <= MAX_CODE_POINT && (code < 0xd800 || code > 0xdfff);
      return isCharacter ? String.fromCodePoint(code) : ' ';
    },
  );
}

/** Runs of white space are one space, and no line is empty. Split by single characters: `\s*\n\s*` would be quadratic. */
function tidied(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).join(' '))
    .filter((line) => line !== '')
    .join('\n');
}
