import type { Received } from '../../inbound/receive.ts';

type Code = 421 | 451 | 501 | 550 | 552 | 553;
type Refused = Extract<Received, { kind: 'refused' }>;
type NotTaken = Extract<Received, { kind: 'refused' | 'unavailable' }>;

/** RFC 5321 §4.5.3.1.5: a reply line has 512 octets; the code and what is before the text take some. */
const MAX_TEXT = 400;

/** What a handler of the library answers with. The enhanced code (RFC 3463) is the first word of the text. */
export function replyError(responseCode: Code, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

/** To RCPT, or to the whole mail. */
export function refusalReply(verdict: NotTaken): Error {
  if (verdict.kind === 'unavailable') return replyError(451, '4.3.0 Not now; try again later');
  const { code, enhanced } = CODES[verdict.reason];
  const text = plain(verdict.message);
  // A route may say by itself which of the permanent errors it means.
  return replyError(code, /^5\.\d{1,3}\.\d{1,3} /.test(text) ? text : `${enhanced} ${text}`);
}

const CODES: Readonly<Record<Refused['reason'], { readonly code: Code; readonly enhanced: string }>> = {
  domain: { code: 550, enhanced: '5.7.1' },
  route: { code: 550, enhanced: '5.7.1' },
  size: { code: 552, enhanced: '5.3.4' },
  address: { code: 553, enhanced: '5.1.3' },
};

/** To the final dot: a text for 250, or an error. */
export function dataReply(received: Received): string | Error {
  switch (received.kind) {
    case 'kept':
      return `2.0.0 Kept as ${received.id}`;
    case 'dropped':
      return '2.0.0 Accepted';
    case 'refused':
    case 'unavailable':
      return refusalReply(received);
  }
}

/** Replies are ASCII unless the client asked for more (RFC 6531 §3.7.4.2). */
function plain(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/[^\x20-\x7e]/g, '?');
}
