import type { Reason } from './report-reason.ts';

/** Characters of a text that the rules look at: what matters stands at its beginning. */
const MAX_LOOKED_AT = 4_000;

const USER = String.raw`(?:user|recipient|mail ?box|account|addressee|person|(?:e-?mail |mail |destination )?(?<!\bip )address|local.?part|alias)`;
const BOX =
  "(?:mail ?box|mail ?folder|in-?box|mail ?drop|mail file|account|user|recipient(?:'s)?(?: storage)?)";
const NOT_FOUND =
  "(?:unknown|undefined|(?:not|n't)(?: be| been)? found|(?:does|do|did)(?:n't| not) (?:exist|have an? .{0,30}(?:account|mail ?box))|not exist|non-?existent|(?:not|n't) (?:be )?(?:known|recogni[sz]ed|listed|registered|valid|resolved)|not a (?:valid|known|local|registered)|no longer exists?|is invalid|invalid$)";
const REFUSED =
  "(?:rejected|refused|denied|invalid|blocked|blacklisted|not (?:allowed|accepted|verified|permitted)|does(?:n't| not) (?:exist|resolve))";

/**
 * Words that mail systems share, most telling first: the first row that fits decides. Addresses and links are gone by then,
 * so that `no-such-user@b.example` says nothing. Every gap is bounded, so that no text costs more than its length.
 */
const ROWS: readonly (readonly [Reason, RegExp])[] = [
  [
    'missing_ptr',
    anyOf(
      'reverse.?(?:dns|lookup|mapping|host ?name|address|record|resolution)',
      String.raw`\br(?:ev)?dns\b`,
      String.raw`\bptr\b`,
      'unverifyable|cannot find your (?:reverse )?host ?name|unable to resolve your',
      '(?:ip|client)(?: name| address)? lookup fail',
      'no (?:matching )?name for (?:your )?(?:ip|address)',
    ),
  ],
  [
    'authentication',
    anyOf(
      String.raw`\bdmarc\b|\bspf\b|\bdkim\b(?!-signature)|sender policy framework|domain ?keys`,
      'unauthenticated|not authenticated|authentication (?:checks? )?(?:failed|information|results)|sender id (?:failed|mismatch)',
    ),
  ],
  [
    'relaying_denied',
    anyOf(
      String.raw`\brelay(?:ing)? (?:access |mail )?(?:is |was )?(?:denied|prohibited|rejected|not (?:permitted|allowed|authori[sz]ed)|disallowed|forbidden)`,
      String.raw`(?:not|n't|cannot|unable to|refus\w+ to|not permitted to) relay|\brelaying\b|\b(?:open|insecure) (?:mail )?relay|no relay|relay not`,
    ),
  ],
  ['virus', /\bvirus|\bmalware|\binfected\b|\btrojan/],
  [
    'mailbox_full',
    anyOf(
      String.raw`\b(?:over|exceed\w*|disk|storage|mail ?box|user|account|out of)\b.{0,25}\bquota|quota.{0,25}(?:exceed|full|reached|violation)`,
      String.raw`\b${BOX}\b.{0,40}(?:\bfull\b|\bexceed\w* (?:allowed|the|its|his|maximum|max|storage|size|space)|\bout of (?:storage|space)|too large|size limit|storage limit|\bexhausted)`,
      String.raw`full mail ?box|(?:enough|insufficient|exceeded|exhausted)(?: \w+)? storage|storage (?:space|allocation)|too much mail|(?:bo[iî]te|postfach|buz[oó]n|casella).{0,30}(?:pleine|voll|llen[oa]|pien[oa])`,
    ),
  ],
  [
    'too_large',
    anyOf(
      String.raw`\b(?:message|mail|e-?mail|content|attachments?|header)(?: size| length| is| was)* (?:too (?:large|big|long)|exceed\w*)`,
      String.raw`\b(?:message|mail|e-?mail|maximum)\b.{0,30}\b(?:size|length)\b.{0,20}\b(?:exceed\w*|limit|too)|exceed\w*.{0,40}(?:size|length)|\bsize limit|\btoo (?:large|big)\b|larger than`,
    ),
  ],
  ['greylisted', /gr[ae]y-?list/],
  [
    'too_many',
    anyOf(
      String.raw`too many (?:\w+ )?(?:connections|sessions|recipients|messages|mails|e-?mails|invalid|errors|smtp|rcpts?|concurrent)`,
      String.raw`\brate[ -]?limit|(?:frequency|connection|sending|rate|volume)\b.{0,25}\b(?:limited|limit|exceeded)|throttl|exceeded.{0,30}(?:rate|connections|frequency)|receiving mail (?:at a rate|too quickly)|too (?:fast|quickly|frequent)`,
    ),
  ],
  ['policy', /\bpolicy (?:reasons?|violation|restriction)|violat\w+.{0,20}polic|security polic/],
  [
    'sender_refused',
    anyOf(
      String.raw`\b(?:sender|return path|envelope from|mail from|from address|originator)\b.{0,30}\b${REFUSED}`,
      String.raw`\bsender\b.{0,25}verif\w+|verif\w+.{0,15}\bsender|(?:invalid|bad|unknown|unverified|illegal|reject\w*)\b.{0,15}(?:sender|from address|mail from|return path)`,
      String.raw`\bfrom: ?(?:domain|header|address)?.{0,20}(?:invalid|not allowed)|sending to\/from an address|domain of (?:the )?sender|\bsender\b.{0,30}\bnull ?mx\b`,
    ),
  ],
  [
    'moved',
    anyOf(
      String.raw`\b${USER}\b.{0,30}\b(?:has|have|was) moved|moved (?:to|permanently)|(?:change[ds]?|new) (?:of )?(?:e-?mail )?address`,
      'no longer (?:on (?:this |the )?server|with (?:us|this)|at this|in use|works?|employed|used|monitored)|please (?:use|try) .{0,20}(?:new|instead)|forward(?:ing)? address',
    ),
  ],
  // What a name server could not say now, it may say later: no proof that there is no such host.
  [
    'network',
    /(?:host|domain).{0,20}not found, try again|(?:malformed|unexpected|temporary|no).{0,40}name ?server (?:reply|response|error|failure)|\bservfail\b/,
  ],
  [
    'null_mx',
    anyOf(
      String.raw`\bnull ?mx\b|no smtp service|\b(?:domain|host)\b.{0,40}(?:doesn't|does not|never) (?:receive|accept|handle) (?:any )?(?:e-?)?mail`,
      String.raw`\bmx (?:record )?(?:is|points? to) (?:0\.0\.0\.0|localhost|nothing)`,
    ),
  ],
  [
    'suspended',
    anyOf(
      String.raw`\b${USER}\b.{0,40}\b(?:disabled|suspended|inactive|frozen|discontinued|de-?activated|locked|dormant|blocked|not active|no longer (?:active|available|accepting)|closed|terminated|expired)\b`,
      String.raw`\b(?:disabled|suspended|inactive|frozen|locked|dormant|closed) (?:recipient|account|mail ?box|user|address|e-?mail)`,
      String.raw`(?:not|n't) (?:currently )?(?:accepting|accept|receive|receiving) (?:any )?(?:messages|mail|e-?mail)\b(?! from)`,
    ),
  ],
  [
    'host_unknown',
    anyOf(
      String.raw`\b(?:hosts?|domain|host ?name|site|server)(?: name)?\b[^:;]{0,25}${NOT_FOUND}`,
      String.raw`\b(?:unknown|no such|non-?existent|invalid|illegal|bad|unresolvable) (?:mail |destination )?(?:host|domain|system|site)(?:name)?\b`,
      String.raw`\bnx ?domain\b|unrout(?:e)?able|unresolvable|name or service not known|could not be resolved`,
      String.raw`no (?:mx|a|aaaa|mail|dns)\b.{0,30}\b(?:records?|for|found|hosts?)\b|mx records? point to non|couldn't find (?:any|a) (?:host|mail exchanger|domain)|can(?:not|'t) find.{0,30}(?:host|domain)`,
    ),
  ],
  [
    'user_unknown',
    anyOf(
      String.raw`\b${USER}\b.{0,60}\b${NOT_FOUND}`,
      String.raw`\b${USER}\b.{0,60}(?:couldn|wasn|isn|doesn|can)['’]?(?:t| ?not) (?:be )?(?:found|exist|a valid|valid|known|recogni[sz]ed)`,
      String.raw`\b(?:unknown|no such|invalid|non-?existent|illegal|bad|undefined|not a (?:valid|known)|unrecogni[sz]ed|not our|wrong|incorrect|no valid)\b.{0,20} ?${USER}`,
      "not (?:listed|found) in .{0,30}(?:address book|directory|domino)|wasn't found at|no (?:mail ?box|account|user|recipient)s? (?:here )?(?:by|with|of|for|under)|matching directory entry|not a (?:registered|known) |user is not local|not known (?:at|here)",
      "(?:utilisateur|destinataire|adresse|usuario|destinatario|utente|benutzer|empf[aä]nger).{0,40}(?:inconnu|invalide|n'existe|desconocid|no existe|sconosciut|inesistente|unbekannt|existiert nicht)",
    ),
  ],
  [
    'protocol',
    anyOf(
      String.raw`\brfc ?-?\d{3,4}\b.{0,20}(?:compliant|violat|conform)|(?:not|non)[ -](?:rfc|compliant)|duplicate (?:\w+ )?header|multiple .{0,30}(?:headers?|addresses)|header error|malformed|improper use`,
      String.raw`(?:bad|improper|wrong) (?:command )?sequence|syntax error|parameter not implemented|command (?:not|un)\b|unrecogni[sz]ed command|(?:missing|invalid|bad) (?:\w+ )?header`,
    ),
  ],
  [
    'spam',
    /\bspam|\bube\b|\buce\b|\bjunk\b|unsolicited|\bbulk (?:e-?)?mail|phish|black-?listed (?:url|link)|suspicious/,
  ],
  [
    'blocked',
    anyOf(
      String.raw`\bblock(?:ed|list|ing)\b|\b(?:black|deny|block) ?-?list|black ?hole|\br?bl\b|\bdnsbl\b|\bbanned\b|\baccess (?:is |was )?(?:denied|not allowed|forbidden)|\bdenied access|reputation|no access from`,
      String.raw`not accept(?:ing|ed)? (?:connections|mail|messages|e-?mail) from|refused to talk|server of your isp|invalid ip|(?:ip|client|host)\b.{0,40}\b(?:rejected|blocked|refused|not allowed|forbidden|listed)\b|complaints|\blisted (?:in|at|by|on)\b|dynamic (?:ip|address|host)|service refused`,
    ),
  ],
  [
    'content',
    /\bcontent|attachment|8-?bit|\bmime\b|message (?:body|was) (?:rejected|refused)|(?:blocked|forbidden) (?:file|extension)/,
  ],
  [
    'security',
    /\b(?:start)?tls\b|\bssl\b|certificate|encrypt|authentication (?:is )?required|must (?:be )?authenticate|\bauth (?:capability|required)/,
  ],
  [
    'policy',
    /\bpolic(?:y|ies)|security|not (?:allowed|permitted|authori[sz]ed)|administrat\w+ (?:prohibition|denied|reject)|prohibited|restrict|protocol violation/,
  ],
  [
    'expired',
    anyOf(
      String.raw`timed? ?-?out|\bretry (?:timeout|time)|too long|failing for a long time|time (?:has )?(?:expired|exceeded)|\bexpired\b|giv(?:en|ing) up|(?:not|n't) (?:be |been )?(?:sent|delivered) for|delivery attempts`,
      String.raw`unable to connect|did not accept our requests|has been delayed|has not (?:yet )?been delivered|(?:for|after|within|in|past) (?:the )?(?:last |past |more than )?\d+ ?(?:hour|day)`,
    ),
  ],
  [
    'network',
    anyOf(
      String.raw`no route|connection (?:was )?(?:refused|reset|lost|dropped|closed|failed|error|died)|lost connection|\bnetwork\b|unreachable|socket error|name ?serv(?:er|ice)|dns (?:error|failure|lookup)|lookup (?:failed|failure|error)`,
      String.raw`\bloops? back|mail loop|\bloop(?:ing)? detected|too many hops|hop count|(?:could not|unable to|failed to|cannot) (?:connect|contact)|conversation with`,
    ),
  ],
  [
    'system',
    anyOf(
      String.raw`(?:system|internal|server|local|configuration|config|queue file|i\/o|write|software|processing) (?:config )?(?:error|failure|problem)|(?:insufficient|not enough) (?:system |disk )?(?:storage|space|resources)|no space left|disk (?:is )?full`,
      "(?:service|server|resources?) (?:is )?(?:currently |temporarily )?(?:not available|unavailable|too busy|busy)|temporar(?:y|ily)|(?:try|retry) (?:again )?later|mailer error|command (?:failed|died)|pipe to|couldn't create|no such file|transaction failed",
    ),
  ],
];

/** Texts such as that of RFC 5321 §4.2.2 for 550, which name the recipient and no cause. */
const ADDRESS_REFUSED =
  /\b(?:recipient|address|mail ?box|rcpt|user)\b.{0,20}\b(?:rejected|refused|unavailable|not (?:available|accepted))|delivery to this (?:address|recipient)|undeliverable address/;

/** Lower case, on one line, without addresses and links. */
export function plainWords(text: string): string {
  return text
    .slice(0, MAX_LOOKED_AT)
    .replaceAll('\n\n', ' ; ')
    .split(/\s+/)
    .map((word) => (/^[("<']?(?:https?:|www\.|mailto:)/i.test(word) ? '' : withoutAddress(word)))
    .filter((word) => word !== '')
    .join(' ')
    .toLowerCase();
}

export function reasonInWords(words: string): Reason | null {
  return ROWS.find(([, pattern]) => pattern.test(words))?.[0] ?? null;
}

/** No filter says this: it is about the address whatever it answers. */
export function deniesAccount(words: string): boolean {
  return /does(?:n't| not) have an? .{0,30}\b(?:account|mail ?box)/.test(words);
}

export function refusesAddress(words: string): boolean {
  return ADDRESS_REFUSED.test(words);
}

/** What stands behind the address in the same word, such as `>...User`, is kept. */
function withoutAddress(word: string): string {
  const at = word.indexOf('@');
  if (at < 1) return word;
  return word.slice(/^[^>),;:"']*[>),;:"']*/.exec(word)?.[0].length ?? word.length);
}

function anyOf(...patterns: readonly string[]): RegExp {
  return new RegExp(patterns.join('|'));
}
