import type { SmtpReply } from '../../schemas/delivery.ts';
import { escapeReplyText } from './reply-text.ts';

/** A reply as RFC 5321 §4.2 shapes it: one code, and what the server said with it. */
export interface Reply {
  readonly code: number;
  /** RFC 3463, `5.1.1`; null when there is none, or one that cannot belong to this code. */
  readonly enhancedCode: string | null;
  /** The lines without code and hyphen, joined by a space; control characters escaped, cut at 2 KB. */
  readonly text: string;
}

/** A complete reply that cannot be read: no code, or lines that contradict each other. */
export interface UnreadableReply {
  readonly code: null;
  readonly text: string;
}

const LINE = /^([2-5]\d\d)(?:[ -](.*))?$/s;
const ENHANCED = /^([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)/;

/**
 * Reads one complete reply, its lines separated by LF or CRLF.
 *
 * RFC 5321 §4.2.1 wants the same code on every line. Servers are seen that change it within a class; there the last line
 * counts. When even the class changes nobody can say what was meant, and guessing would invent a success or a bounce.
 */
export function readReply(lines: string): Reply | UnreadableReply {
  let code = 0;
  const texts: string[] = [];
  for (const line of lines.split(/\r?\n/)) {
    const match = LINE.exec(line);
    const next = Number(match?.[1] ?? 0);
    if (match === null || (code !== 0 && leadingDigit(code) !== leadingDigit(next))) {
      return { code: null, text: escapeReplyText(lines.replaceAll(/\r?\n/g, ' ')) };
    }
    code = next;
    texts.push(match[2] ?? '');
  }
  const enhancedCode = enhancedCodeOf(code, texts[0] ?? '');
  return { code, enhancedCode, text: escapeReplyText(joinLines(texts, enhancedCode)) };
}

/** Who said it, and over what. */
export interface Peer {
  readonly remoteHost: string | null;
  /** `TLSv1.3`, or null in the clear. */
  readonly tls: string | null;
}

/** True for 2yz: the step was taken. */
export function isPositive(reply: Reply | UnreadableReply | null): reply is Reply {
  return reply?.code != null && reply.code < 300;
}

/** The reply as it is stored and shown. */
export function toSmtpReply(reply: Reply, peer: Peer): SmtpReply {
  return {
    code: reply.code,
    enhancedCode: reply.enhancedCode,
    response: escapeReplyText(`${reply.code} ${reply.text}`.trimEnd()),
    remoteHost: peer.remoteHost,
    tls: peer.tls,
  };
}

function leadingDigit(code: number): number {
  return Math.floor(code / 100);
}

/** A success code in a refusal, or the other way round, says nothing and is left out; 4 and 5 may contradict each other. */
function enhancedCodeOf(code: number, text: string): string | null {
  const match = ENHANCED.exec(text);
  if (match === null) return null;
  const agree = (match[1] === '2') === (leadingDigit(code) === 2);
  return agree && leadingDigit(code) !== 3 ? match[0] : null;
}

/** RFC 2034 §4: the enhanced code is repeated on every line; once is enough to read. */
function joinLines(texts: readonly string[], enhancedCode: string | null): string {
  const rest = texts.slice(1).map((text) => {
    const repeated = enhancedCode !== null && text.startsWith(`${enhancedCode} `);
    return repeated ? text.slice(enhancedCode.length + 1) : text;
  });
  return [texts[0] ?? '', ...rest].map((text) => text.trim()).join(' ');
}
