/** HTML that is safe to print: everything else that goes into a page is escaped on the way. */
export interface Markup {
  readonly markup: string;
}

type Printable = string | number | Markup | readonly Markup[] | null;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function print(value: Printable): string {
  if (value === null) return '';
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return 'markup' in value ? value.markup : value.map((part) => part.markup).join('');
}

/** The tag of every template in a page: what is interpolated is text unless it is markup already. */
export function html(parts: TemplateStringsArray, ...values: readonly Printable[]): Markup {
  return { markup: parts.map((part, index) => part + print(values[index] ?? null)).join('') };
}

/** `code`, **strong** and *emphasis*: all the Markdown our descriptions use. */
const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*/g;

/** One paragraph of Markdown. */
export function inline(text: string): Markup {
  const parts: Markup[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis] = match;
    parts.push(html`${text.slice(end, match.index)}`);
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (strong !== undefined) parts.push(html`<strong>${strong}</strong>`);
    else parts.push(html`<em>${emphasis ?? ''}</em>`);
    end = match.index + whole.length;
  }
  return html`${parts}${text.slice(end)}`;
}

/** Several paragraphs. */
export function paragraphs(text: string): readonly Markup[] {
  return text.split('\n\n').map((paragraph) => html`<p>${inline(paragraph)}</p>`);
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?/g;

/** A value as indented JSON, its tokens marked for colour. */
export function jsonCode(value: unknown): Markup {
  const text = JSON.stringify(value, null, 2);
  const parts: Markup[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, string, colon] = match;
    parts.push(html`${text.slice(end, match.index)}`);
    if (string === undefined) parts.push(html`<b class="lit">${whole}</b>`);
    else if (colon === undefined) parts.push(html`<b class="str">${string}</b>`);
    else parts.push(html`<b class="key">${string}</b>${colon}`);
    end = match.index + whole.length;
  }
  return html`${parts}${text.slice(end)}`;
}
