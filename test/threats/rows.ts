/** One row of the threat list: the input, what must come of it, and, where no test can answer it yet, why. */
export interface ThreatRow {
  readonly input: string;
  readonly outcome: string;
  readonly untested?: string;
}

const NO_PAGE = 'no mail is shown as a page';
const TEMPLATES = 'there are no templates';

/** The sections that the sending side answers for; rows count from 1. */
export const THREATS: Readonly<
  Record<string, { readonly title: string; readonly rows: readonly ThreatRow[] }>
> = {
  '1': {
    title: 'Header and MIME injection',
    rows: [
      {
        input: 'CR, LF or NUL with a header behind it, in any field',
        outcome: 'refused with the field path',
      },
      { input: 'other control characters, DEL, lone surrogates', outcome: 'refused with the field path' },
      { input: 'U+0085, U+2028, U+2029, tab', outcome: 'data: encoded or folded, never raw' },
      { input: 'line breaks in a template variable', outcome: 'one space in a subject', untested: TEMPLATES },
      { input: 'percent-encoded line breaks', outcome: 'data: never decoded' },
      { input: 'a text that looks like an encoded word', outcome: 'shown as that text, never decoded' },
      {
        input: 'values and headers over their caps; long values below',
        outcome: 'refused; folded without splitting a character',
      },
      { input: 'header names that are not tokens', outcome: 'refused' },
      {
        input: 'header names __proto__, constructor, prototype',
        outcome: 'data or refused; no object is polluted',
      },
      { input: 'headers we own, Reply-To beside reply_to, a malformed Message-ID', outcome: 'refused' },
      { input: 'file names with controls, bidi, slashes', outcome: 'refused' },
      { input: 'odd but harmless file names', outcome: 'data, never a path' },
      {
        input: 'content types with injected parameters, multipart, not a type',
        outcome: 'refused',
      },
      { input: 'content ids with controls, spaces, brackets', outcome: 'refused' },
      { input: 'line breaks in a List header', outcome: 'refused' },
      {
        input: 'raw MIME: bare line ends, lone dots, two From, Bcc, foreign From, huge headers',
        outcome: 'normalised; refused; removed; 403',
      },
      {
        input: 'the composed form of any accepted message',
        outcome: 'no Bcc, exactly the intended headers, clean bytes',
      },
    ],
  },
  '2': {
    title: 'SMTP smuggling',
    rows: [
      {
        input: 'outgoing bodies holding the nine odd ends of data',
        outcome: 'one message, one lone dot, no bare CR or LF',
      },
      {
        input: 'bodies that begin with a dot, end in a dot, hold commands',
        outcome: 'dot-stuffed, read back unchanged',
      },
      { input: 'incoming odd ends of data', outcome: 'not an end; refused or normalised' },
      { input: 'BDAT when CHUNKING was not announced', outcome: 'refused, nothing read from the body' },
      { input: 'commands pipelined behind STARTTLS', outcome: 'dropped' },
      { input: 'commands before EHLO, AUTH before TLS', outcome: 'refused' },
      { input: '10 MB command line, NUL, 8-bit bytes in commands', outcome: 'refused, limited' },
    ],
  },
  '3': {
    title: 'Addresses and IDN',
    rows: [
      { input: 'an address that closes its bracket and goes on', outcome: 'refused' },
      { input: 'empty, no domain, two at-signs, junk behind, mailto:', outcome: 'refused' },
      { input: 'commas in an unquoted display name', outcome: 'one recipient, the name quoted' },
      { input: 'several addresses, groups, routes in one element', outcome: 'refused' },
      { input: 'an at-sign in a quoted local part', outcome: 'refused, or the last at-sign decides' },
      { input: 'a space in a quoted local part', outcome: 'never sent to what stands behind the space' },
      { input: 'comments', outcome: 'refused' },
      { input: 'white space round a dot', outcome: 'refused' },
      { input: 'address literals, bare IP addresses, localhost', outcome: 'refused' },
      { input: 'option-like and pipe-like local parts', outcome: 'data' },
      { input: 'empty labels, leading dots and hyphens, over-long parts', outcome: 'refused' },
      { input: 'percent and bang routing', outcome: 'data, no routing meaning' },
      { input: 'a trailing dot in the domain', outcome: 'canonical or refused; never passes a suppression' },
      { input: 'characters that UTS 46 would map away', outcome: 'refused' },
      { input: 'a Cyrillic look-alike', outcome: 'its A-label' },
      { input: 'xn-- labels that do not decode or round-trip', outcome: 'refused' },
      { input: 'the same domain as NFC and NFD', outcome: 'one canonical domain, one suppression' },
      { input: 'a non-ASCII local part without SMTPUTF8 at the relay', outcome: 'failed before MAIL' },
      { input: 'the IDNA test file', outcome: 'the same result, or refused' },
      { input: 'SIZE, EHLO name and DSN parameters', outcome: 'not settable by a caller' },
      {
        input: '50 recipients, 51 recipients, 100,000 addresses in one string',
        outcome: 'accepted; refused; limited',
      },
    ],
  },
  '4': {
    title: 'File and URL access',
    rows: [
      { input: 'attachment sources that name files', outcome: 'refused' },
      { input: 'text and html as objects', outcome: 'refused: not a string' },
      { input: "the composer's own keys in a request", outcome: 'dropped by the schema' },
      { input: 'data: URLs in html', outcome: 'data, limited' },
      {
        input: 'an attachment at a public URL',
        outcome: 'fetched by us, never handed on',
      },
      { input: 'an attachment at a private or endless URL', outcome: 'refused' },
      { input: 'the 21 vectors given to the composer itself', outcome: 'no read, no request' },
    ],
  },
  '5': {
    title: 'SSRF',
    rows: [
      { input: 'every spelling of a private IPv4 address', outcome: 'refused' },
      { input: 'private, mapped, translated and tunnelled IPv6 addresses', outcome: 'refused' },
      { input: 'names that lead inside: localhost, internal, local, metadata', outcome: 'refused' },
      { input: 'private, metadata, documentation, multicast and reserved ranges', outcome: 'refused' },
      { input: 'URLs that two readers read differently; credentials', outcome: 'refused' },
      { input: 'other schemes than https', outcome: 'refused' },
      { input: 'ports of other services', outcome: 'refused' },
      { input: 'rebinding', outcome: 'the connection goes to the judged address or nowhere' },
      { input: 'one private address among public ones; aliases to a private name', outcome: 'refused' },
      { input: 'a webhook that redirects', outcome: 'a failure, not followed' },
      { input: 'an attachment that redirects inside, in a loop, four times, to http', outcome: 'refused' },
      {
        input: 'endless bodies and headers, one byte at a time, bombs',
        outcome: 'capped; one deadline; never unpacked',
      },
      { input: 'a host with another protocol', outcome: 'one sentence for all, no banner' },
      { input: 'proxies in the environment', outcome: 'ignored' },
      { input: 'our own host name', outcome: 'refused' },
    ],
  },
  '6': {
    title: 'JSON and request bodies',
    rows: [
      { input: 'a body over the cap: with length, chunked, lying', outcome: '413 before the handler' },
      { input: 'Content-Encoding: gzip', outcome: '400, never inflated' },
      { input: 'a body at one byte a second', outcome: 'ended by the deadlines' },
      { input: 'a million levels, 500,000 keys', outcome: 'refused before anything recursive' },
      { input: '__proto__, constructor and unknown keys', outcome: 'dropped, nothing polluted' },
      { input: 'duplicate keys', outcome: 'the last wins' },
      { input: 'NaN, 1e400, lone surrogates, BOM, UTF-16', outcome: '4xx, never 5xx' },
      { input: 'any Content-Type', outcome: 'parsed as JSON' },
      { input: 'counts over their caps', outcome: 'refused' },
      { input: 'base64 that is not quite', outcome: 'refused or text' },
      { input: 'content as bytes in several spellings', outcome: 'the same bytes' },
      { input: 'the JSON test suite', outcome: 'accepted and refused as named; no 5xx' },
      { input: 'queries with two readings', outcome: 'one meaning only' },
    ],
  },
  '7': {
    title: 'Parser bombs and caps',
    rows: [
      { input: 'cap: raw size', outcome: 'reading ends there' },
      { input: 'cap: header block', outcome: 'fields beyond it are left out' },
      { input: 'cap: nesting', outcome: 'what is deeper is a file' },
      { input: 'cap: parts', outcome: 'reading ends there' },
      { input: 'cap: lines outside encoded parts', outcome: 'text ends there' },
      { input: 'cap: lines in all', outcome: 'reading ends there' },
      { input: 'cap: length of a line', outcome: 'the rest of the line is left out' },
      { input: 'cap: parameters and their sections', outcome: 'those beyond it are left out' },
      {
        input: 'cap: time and heap',
        outcome: 'the worker is ended, not the process',
        untested: 'the worker around the reader is not there yet',
      },
      {
        input: 'multiparts nested without end; mail in mail',
        outcome: 'limited; enclosed mail is never opened',
      },
      { input: '100,000 parts, empty parts, parts with unknown charsets', outcome: 'limited' },
      { input: 'headers, folds and lines without end', outcome: 'limited; what came before is kept' },
      { input: 'nothing but line ends', outcome: 'limited; 25 MiB of base64 pass' },
      { input: 'floods of encoded words, references, addresses; a date of digits', outcome: 'limited' },
      { input: 'floods of semicolons, parameters, quotes; a huge boundary', outcome: 'limited' },
      { input: 'floods in quoted-printable, base64 and flowed text', outcome: 'limited' },
      { input: 'floods in HTML and text', outcome: 'limited; nothing here interprets them' },
      { input: 'UTF-7', outcome: 'shown as text, never decoded' },
      { input: 'empty escapes of ISO-2022-JP; a report of 100,000 blocks', outcome: 'limited' },
      { input: 'headers and parameters named __proto__, constructor', outcome: 'data' },
      { input: 'two From, Subject or Content-Type', outcome: 'the first counts, flagged' },
      { input: 'an encoded word that decodes to an address', outcome: 'a name, never the address' },
      {
        input: 'file names in conflict; boundaries that begin alike; no final boundary',
        outcome: 'one reading, on both runtimes',
      },
      { input: 'archives in attachments', outcome: 'never inflated' },
    ],
  },
  '8': {
    title: 'Signatures',
    rows: [
      { input: 'the test vector, and the one printed in Standard Webhooks', outcome: 'signed and verified' },
      { input: 'a signature missing, empty, of other length, unicode, v0 or v1a only', outcome: 'refused' },
      { input: 'a valid signature over a body that was changed or written again', outcome: 'refused' },
      { input: 'a timestamp of 301 s either way, missing, no number', outcome: 'refused' },
      { input: 'the same id again within the tolerance', outcome: 'stored once' },
      { input: 'two keys during a rotation, a list of several signatures', outcome: 'any match passes' },
      { input: 'a list of 1,000 signatures, a header of 100 KB', outcome: 'ten are looked at' },
      { input: 'an id or a body that holds a dot', outcome: 'no ambiguity: an id may not' },
      { input: 'no key to verify with', outcome: 'nothing is accepted' },
      { input: 'comparison by ===', outcome: 'forbidden' },
      { input: 'the signing key in a header, a log or an error', outcome: 'never' },
    ],
  },
  '9': {
    title: 'Keys and accounts',
    rows: [
      {
        input: 'the key format',
        outcome: 'prefix, public id, 128 random bits or more, checksum; stored hashed; shown once',
      },
      { input: "a key of one account with another's routing part", outcome: 'refused' },
      { input: 'unknown, revoked and mistyped keys', outcome: 'one answer for all' },
      { input: 'a sending key elsewhere; a bound key for another domain', outcome: '401; 403' },
      { input: 'a key in the query, a cookie, basic auth', outcome: 'not accepted' },
      { input: "one account with another's ids, cursors and keys", outcome: 'as if unknown' },
      { input: 'the same idempotency key in two accounts', outcome: 'independent' },
      { input: 'senders of domains that are not ours', outcome: '403' },
      {
        input: 'a domain claimed twice',
        outcome: 'needs proof',
        untested: 'domains come from the configuration',
      },
      { input: 'signed URLs, altered, expired or for something else', outcome: '403' },
      { input: 'guessing ids', outcome: '72 random bits or more' },
      { input: 'a canary key in every field', outcome: 'found nowhere' },
    ],
  },
  '10': {
    title: 'Rate limits and open relay',
    rows: [
      {
        input: '50 requests at once at the limit',
        outcome: '429 with Retry-After, over-admission at most 2 %',
      },
      {
        input: 'many keys of one account; guesses from one address',
        outcome: 'one limit per account; one per address before',
      },
      { input: 'the clock moved', outcome: 'no free window of more than one period' },
      { input: 'no limiter store', outcome: 'the limit is in the room itself: no room, no service' },
      { input: 'no key, a revoked key', outcome: 'nothing is sent' },
      { input: 'inbound mail that asks to be forwarded', outcome: 'only to addresses of FORWARD_TO' },
      { input: 'guessing SMTP passwords', outcome: 'there are none: AUTH is no command of the listener' },
      {
        input: 'RCPT to a foreign domain over SMTP',
        outcome: 'refused: nothing leaves through the listener',
      },
      { input: 'simulated addresses', outcome: 'handled inside; their sender refused for real recipients' },
    ],
  },
  '11': {
    title: 'HTML preview',
    rows: [
      { input: 'scripts in every disguise', outcome: 'none runs', untested: NO_PAGE },
      { input: 'what makes a page load or leave', outcome: 'no request, no navigation', untested: NO_PAGE },
      { input: 'cid: that leads to an HTML part', outcome: 'not rendered' },
      { input: 'an HTML or SVG file opened directly', outcome: 'a download, inert, nosniff' },
      { input: 'names with quotes and markup', outcome: 'text; RFC 6266 encoding' },
      { input: 'a link that breaks out of its quotes', outcome: 'quoted', untested: NO_PAGE },
      { input: 'a socket opened from another origin', outcome: 'refused', untested: NO_PAGE },
    ],
  },
  '12': {
    title: 'Storage keys',
    rows: [
      { input: 'ids and names that look like paths', outcome: 'never part of a key' },
      { input: 'the same bytes from two accounts', outcome: 'two objects' },
      { input: 'keys with dots and escapes', outcome: 'refused before signing' },
      { input: 'a presigned upload misused', outcome: 'refused' },
      {
        input: 'an object without a row, a row without its object, one byte flipped',
        outcome: 'swept; failed, visible, not sent',
      },
      { input: 'listing by prefix', outcome: 'not reachable' },
    ],
  },
  '13': {
    title: 'Logs',
    rows: [
      { input: 'canaries for every secret and body', outcome: 'in no output' },
      { input: "nodemailer's own logging", outcome: 'cannot be switched on' },
      { input: 'control characters and megabytes in what is logged', outcome: 'one escaped, cut line each' },
      { input: 'stack traces, SQL and host names in API errors', outcome: 'none' },
    ],
  },
  '14': {
    title: 'TLS to the relay',
    rows: [
      { input: 'STARTTLS not announced, 454, 502', outcome: 'held; paused; no AUTH byte' },
      { input: 'garbage or plaintext behind the 220', outcome: 'a handshake error, or dropped' },
      { input: 'every kind of bad certificate', outcome: 'held, no AUTH byte' },
      { input: 'old TLS, plaintext on 465, TLS at once on 587', outcome: 'held or deferred, no AUTH byte' },
      { input: 'other capabilities after TLS', outcome: 'only the second set counts' },
      { input: 'closing during the handshake', outcome: 'deferred; five in a row: misconfigured' },
      { input: 'an IP literal or port 25 on Workers', outcome: 'refused when configured' },
      { input: 'spellings that weaken TLS in the source', outcome: 'a failing test' },
    ],
  },
  '15': {
    title: 'Inbound loops',
    rows: [
      {
        input:
          'null sender, mailer daemon, Auto-Submitted, Precedence, List-*, X-Auto-Response-Suppress, own loop header',
        outcome: 'no automatic answer or bounce',
      },
      { input: '31 Received lines', outcome: 'kept, not forwarded' },
      { input: 'two instances that forward to each other', outcome: 'stop within 3 messages' },
      {
        input: 'a rule that forwards to its own address; a chain of 10 accounts',
        outcome: 'refused when configured; stopped by the loop header',
      },
      {
        input: 'a delivery report with a forged Message-ID and no token',
        outcome: 'no state changes, nothing is suppressed',
      },
      {
        input: "a complaint about another account's message",
        outcome: 'no effect without our token',
      },
      { input: '10,000 bounces for one message', outcome: 'counted once per recipient' },
    ],
  },
};
