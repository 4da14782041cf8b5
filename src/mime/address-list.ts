import { type ParsedMailbox, parseAddrSpec } from './address.ts';
import { decodeWords } from './encoded-word.ts';

/** More than any field may name; the contract's own limit is checked by the caller. */
const MAX_MAILBOXES = 1_000;

export type ListReading =
  | { readonly ok: true; readonly mailboxes: readonly ParsedMailbox[] }
  | { readonly ok: false; readonly rule: string };

interface Token {
  readonly kind: 'word' | 'quoted' | 'special';
  readonly text: string;
}

/** What was read since the last separator. */
interface Element {
  readonly words: Token[];
  address: Token | null;
}

/**
 * Reads the address list of a header field that somebody else wrote (RFC 5322 §3.4): names, quoted strings, comments,
 * groups, encoded words in names. For raw MIME only; the API's own fields go through `parseAddress`.
 *
 * One pass over the characters, one over the tokens. Where two readers could find two recipients (routes, comments or
 * white space inside an address, quoted local parts, text behind the angle bracket) it refuses instead of choosing.
 */
export function readAddressList(value: string): ListReading {
  const tokens = tokensOf(value);
  if (tokens === null) return { ok: false, rule: 'A comment or quoted string is not closed.' };
  const mailboxes: ParsedMailbox[] = [];
  let element: Element = { words: [], address: null };
  let place: 'list' | 'group' | 'behind group' = 'list';
  let isInAngle = false;
  for (const token of [...tokens, { kind: 'special', text: 'end' } as const]) {
    if (token.kind !== 'special') {
      const isMisplaced = place === 'behind group' || element.address !== null;
      if (isMisplaced) return unreadable('There is text behind an address.');
      if (isInAngle) element.address = token;
      else element.words.push(token);
      continue;
    }
    if (isInAngle !== (token.text === '>')) return unreadable('An angle bracket stands where none can.');
    switch (token.text) {
      case '<':
        if (element.address !== null || place === 'behind group')
          return unreadable('Two addresses are not separated.');
        isInAngle = true;
        break;
      case '>':
        if (element.address === null) return unreadable('An address is empty.');
        isInAngle = false;
        break;
      case ':':
        if (place !== 'list' || element.address !== null) return unreadable('A colon stands where none can.');
        place = 'group';
        element = { words: [], address: null };
        break;
      default: {
        const isEndOfGroup = token.text === ';';
        if (isEndOfGroup !== (place === 'group') && token.text !== ',')
          return unreadable(isEndOfGroup ? 'Addresses are separated by commas.' : 'A group is not closed.');
        const reading = mailboxOf(element);
        if (reading === 'unreadable') return unreadable('An address is not of the form `a@b.example`.');
        if (reading !== 'nothing') mailboxes.push(reading);
        if (mailboxes.length > MAX_MAILBOXES)
          return unreadable(`It names more than ${MAX_MAILBOXES} mailboxes.`);
        element = { words: [], address: null };
        if (isEndOfGroup) place = 'behind group';
        else if (place === 'behind group') place = 'list';
      }
    }
  }
  return { ok: true, mailboxes };
}

function unreadable(rule: string): ListReading {
  return { ok: false, rule };
}

/** Empty elements are obsolete but met (RFC 5322 §4.4): they name nobody. */
function mailboxOf(element: Element): ParsedMailbox | 'nothing' | 'unreadable' {
  const only = element.words.length === 1 ? element.words[0] : undefined;
  const spec = element.address ?? only;
  if (spec === undefined) return element.words.length === 0 ? 'nothing' : 'unreadable';
  const reading = spec.kind === 'word' ? parseAddrSpec(spec.text) : null;
  if (reading === null || !reading.ok) return 'unreadable';
  const name = element.address === null ? '' : nameOf(element.words);
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
      tokens.push({ kind: 'special', text: character });
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
