import { type ParsedMailbox, parseAddrSpec } from './address.ts';
import { decodeWords } from './encoded-word.ts';

/** More than any field may name; the contract's own limit is checked by the caller. */
const MAX_MAILBOXES = 1_000;

export type ListReading =
  | { readonly ok: true; readonly mailboxes: readonly ParsedMailbox[] }
  | { readonly ok: false; readonly rule: string };

interface Token {
  readonly kind: 'word' | 'quoted' | 'bracket' | 'separator';
  readonly text: string;
}

const END: Token = { kind: 'separator', text: 'end' };

/**
 * Reads the address list of a header field that somebody else wrote (RFC 5322 §3.4): names, quoted strings, comments,
 * groups, encoded words in names. For raw MIME only; the API's own fields go through `parseAddress`.
 *
 * One pass over the characters, one over the tokens. Where two readers could find two recipients (routes, comments or
 * white space inside an address, quoted local parts, text behind the angle bracket) it refuses instead of choosing.
 */
export function readAddressList(value: string): ListReading {
  const tokens = tokensOf(value);
  if (tokens === null) return unreadable('A comment or quoted string is not closed.');
  const mailboxes: ParsedMailbox[] = [];
  let place: 'list' | 'group' | 'behind group' = 'list';
  let element: Token[] = [];
  for (const token of [...tokens, END]) {
    if (token.kind !== 'separator') {
      if (place === 'behind group') return unreadable('A group is not separated from what follows.');
      element.push(token);
      continue;
    }
    const next = placeBehind(token.text, place);
    if (next === null) return unreadable('A colon, a semicolon or the end stands where none can.');
    const reading = token.text === ':' ? groupNameOf(element) : mailboxOf(element);
    if (reading === 'unreadable') return unreadable('An address is not of the form `a@b.example`.');
    if (reading !== 'nothing') mailboxes.push(reading);
    if (mailboxes.length > MAX_MAILBOXES) return unreadable(`It names more than ${MAX_MAILBOXES} mailboxes.`);
    element = [];
    place = next;
  }
  return { ok: true, mailboxes };
}

function unreadable(rule: string): ListReading {
  return { ok: false, rule };
}

/** Where a separator leads from here, or null where it cannot stand. Groups do not nest (RFC 5322 §3.4). */
function placeBehind(
  separator: string,
  place: 'list' | 'group' | 'behind group',
): 'list' | 'group' | 'behind group' | null {
  switch (separator) {
    case ':':
      return place === 'list' ? 'group' : null;
    case ';':
      return place === 'group' ? 'behind group' : null;
    case ',':
      return place === 'group' ? 'group' : 'list';
    default:
      return place === 'group' ? null : 'list';
  }
}

function groupNameOf(element: readonly Token[]): 'nothing' | 'unreadable' {
  return element.some((token) => token.kind === 'bracket') ? 'unreadable' : 'nothing';
}

/** `a@b.example` or `Name <a@b.example>`. Empty elements are obsolete but met (RFC 5322 §4.4): they name nobody. */
function mailboxOf(element: readonly Token[]): ParsedMailbox | 'nothing' | 'unreadable' {
  if (element.length === 0) return 'nothing';
  const open = element.findIndex((token) => token.kind === 'bracket');
  const words = open < 0 ? [] : element.slice(0, open);
  const [first, spec, last, ...rest] = open < 0 ? [undefined, ...element] : element.slice(open);
  const isBracketed =
    first?.text === '<' && last?.text === '>' && last.kind === 'bracket' && rest.length === 0;
  const isBare = open < 0 && element.length === 1;
  if (spec?.kind !== 'word' || !(isBracketed || isBare)) return 'unreadable';
  const reading = parseAddrSpec(spec.text);
  if (!reading.ok) return 'unreadable';
  const name = nameOf(words);
  const { address } = reading.mailbox;
  return { ...reading.mailbox, name, given: name === '' ? address : `${name} <${address}>` };
}

/** Encoded words are decoded, but not inside quotes (RFC 2047 §5 (3)). */
function nameOf(words: readonly Token[]): string {
  const parts: string[] = [];
  let bare: string[] = [];
  const flush = (): void => {
    if (bare.length > 0) parts.push(decodeWords(bare.join(' ')));
    bare = [];
  };
  for (const word of words) {
    if (word.kind === 'word') bare.push(word.text);
    else {
      flush();
      parts.push(word.text);
    }
  }
  flush();
  return parts.join(' ').trim();
}

/** Null when a quoted string or comment does not end. A comment only separates. */
function tokensOf(value: string): readonly Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < value.length) {
    const character = value.charAt(at);
    if (character === '(') {
      const end = endOfComment(value, at);
      if (end === null) return null;
      at = end;
    } else if (character === '"') {
      const quoted = quotedAt(value, at);
      if (quoted === null) return null;
      tokens.push({ kind: 'quoted', text: quoted.text });
      at = quoted.end;
    } else if (/[<>,;:]/.test(character)) {
      tokens.push({ kind: /[<>]/.test(character) ? 'bracket' : 'separator', text: character });
      at += 1;
    } else if (/[ \t]/.test(character)) at += 1;
    else {
      const end = endOfWord(value, at);
      tokens.push({ kind: 'word', text: value.slice(at, end) });
      at = end;
    }
  }
  return tokens;
}

function endOfWord(value: string, start: number): number {
  let at = start + 1;
  while (at < value.length && !/[()<>,;:" \t]/.test(value.charAt(at))) at += 1;
  return at;
}

/** Comments nest (RFC 5322 §3.2.2); counted, not recursed into. */
function endOfComment(value: string, start: number): number | null {
  let depth = 0;
  for (let at = start; at < value.length; at += 1) {
    const character = value.charAt(at);
    if (character === '\\') at += 1;
    else if (character === '(') depth += 1;
    else if (character === ')') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return null;
}

function quotedAt(value: string, start: number): { readonly text: string; readonly end: number } | null {
  let text = '';
  for (let at = start + 1; at < value.length; at += 1) {
    const character = value.charAt(at);
    if (character === '"') return { text, end: at + 1 };
    if (character === '\\') at += 1;
    text += value.charAt(at);
  }
  return null;
}
