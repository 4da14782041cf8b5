import { type Reply, readReply, type UnreadableReply } from './reply.ts';

/** Most bytes one reply may have. It only stops a server that never ends one. */
export const MAX_REPLY_BYTES = 64 * 1024;

/** As many arguments as any stack takes. */
const BYTES_AT_ONCE = 4 * 1024;

/** A complete reply, and its lines as they came: the announcements of EHLO are read from them. */
export interface HeardReply {
  readonly reply: Reply | UnreadableReply;
  readonly lines: string;
}

/** Cuts what a server sends into complete replies. A fragment without its line end is never one of them. */
export interface ReplyReader {
  push(chunk: Uint8Array): readonly HeardReply[];
}

export function createReplyReader(): ReplyReader {
  let line = '';
  let lines: string[] = [];
  let held = 0;

  function endLine(): HeardReply | null {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    line = '';
    // An empty line between replies is skipped, as the SMTP client beside us skips it: both must count alike.
    if (lines.length === 0 && text.trim() === '') return null;
    lines.push(text);
    if (/^\d+-/.test(text)) return null;
    const whole = decode(lines.join('\n'));
    lines = [];
    held = 0;
    return { reply: readReply(whole), lines: whole };
  }

  return {
    push(chunk) {
      const replies: HeardReply[] = [];
      let start = 0;
      for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, start)) {
        held += at - start;
        if (held <= MAX_REPLY_BYTES) line += byteString(chunk.subarray(start, at));
        start = at + 1;
        const reply = endLine();
        if (reply !== null) replies.push(reply);
      }
      held += chunk.length - start;
      if (held <= MAX_REPLY_BYTES) line += byteString(chunk.subarray(start));
      return replies;
    },
  };
}

/** One character per byte, so that a character cut by a chunk border is whole again before it is decoded. */
function byteString(bytes: Uint8Array): string {
  if (bytes.length <= BYTES_AT_ONCE) return String.fromCharCode(...bytes);
  return byteString(bytes.subarray(0, BYTES_AT_ONCE)) + byteString(bytes.subarray(BYTES_AT_ONCE));
}

/** Reply text has no declared charset (RFC 5321 §4.2.1): UTF-8 when it is valid UTF-8, else byte for byte. */
function decode(byteText: string): string {
  if (/^\p{ASCII}*$/u.test(byteText)) return byteText;
  try {
    const bytes = Uint8Array.from(byteText, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return byteText;
  }
}
