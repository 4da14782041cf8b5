/** Where in the SMTP transaction the refusal was read. */
export type Command = 'connect' | 'helo' | 'mail' | 'rcpt' | 'data';

// Not part of a longer number with dots, such as an IP address or a version. RFC 3463 has subjects 0 to 7.
const ENHANCED = /(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?!\d|\.\d)/g;

/** Reply codes that servers use; in prose another number may be anything: a size, a year, a port. */
const REPLY =
  /(?:^|[\s:;(<>"'\]])(421|43[1-4]|44[1-9]|45[0-9]|471|50[0-4]|51[0-7]|52[1-3]|53[0-8]|541|55[0-7]|57[0-9])(?=[\s\-#:.<]|$)(?!\s(?:bytes|[kKmM]i?[bB]\b|days|hours|lines))/;

/** A reply as the diagnostic of an SMTP server begins with it. */
const LEADING_REPLY = /^\s*([45]\d\d)(?=[\s\-#:.<]|$)/;

/** `554 <a@b.example>... 550 Host unknown`: our neighbour's own code before the one that it was given. */
const QUOTED_REPLY = /^\s*[45]\d\d <[^>\n]{0,320}>\.\.\. ([45]\d\d)(?=\s)/;

/** `5.1.1`, the first of a class 4 or 5, or of class 2 where there is no other. Codes that say nothing (`x.0.0`) come last. */
export function enhancedCodeIn(text: string): string | null {
  const codes = Array.from(text.matchAll(ENHANCED), ([code]) => code);
  const failures = codes.filter((code) => !code.startsWith('2'));
  return failures.find((code) => !isVague(code)) ?? failures[0] ?? codes[0] ?? null;
}

/** RFC 3463 §3.1: "other undefined status". */
export function isVague(code: string): boolean {
  return code.endsWith('.0.0');
}

export function replyCodeIn(text: string): number | null {
  const code = QUOTED_REPLY.exec(text)?.[1] ?? LEADING_REPLY.exec(text)?.[1] ?? REPLY.exec(text)?.[1];
  return code === undefined ? null : Number(code);
}

/** The first word of a command, or what people call it. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['rcpt', 'rcpt'],
  ['mail', 'mail'],
  ['data', 'data'],
  ['bdat', 'data'],
  ['message', 'data'],
  ['helo', 'helo'],
  ['ehlo', 'helo'],
  ['initial', 'connect'],
  ['connect', 'connect'],
  ['banner', 'connect'],
  ['greeting', 'connect'],
]);

const SAID =
  /\b(?:in (?:reply|response) to|after|reply to|command\s*:?)\s+(?:the |end of |sending |pipelined |your )*(rcpt|mail(?= |_)|data|bdat|message(?= (?:body|content|data))|[eh]{2}lo|initial (?=connection)|connect|banner|greeting)|\[(rcpt|mail|data)(?:_to|_from)?\]/i;

/** The command that was answered, where the words say so: `(in reply to end of DATA command)`, `after RCPT TO:<…>`. */
export function commandIn(text: string): Command | null {
  const [, said, inBrackets] = SAID.exec(text) ?? [];
  return COMMANDS.get((said ?? inBrackets ?? '').trim().toLowerCase()) ?? null;
}
