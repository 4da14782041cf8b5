import { COMMANDS, type Command } from './report-codes.ts';
import type { Prose } from './report-prose.ts';

/** A refusal in a transcript of `>>>` and `<<<` lines, or of `In:` and `Out:` ones. */
export interface Refusal {
  readonly command: Command | null;
  /** Addresses in the command and in the answer, in lower case. */
  readonly addresses: readonly string[];
}

const ASKED = /^[\s>]{0,20}?(?:>>>|In:)\s*([A-Za-z]{4})/;
const REFUSED = /^[\s>]{0,20}?(?:<<<|Out:)\s*[45]\d\d/;
const NO_RECIPIENT_LEFT = /\b(?:need rcpt|no valid recipients)/i;

export function readTranscript({ lines, addresses }: Prose): readonly Refusal[] {
  const refusals: Refusal[] = [];
  let command: Command | null = null;
  let asked: readonly string[] = [];
  let isPipelined = false;
  for (const [i, line] of lines.entries()) {
    const word = ASKED.exec(line)?.[1];
    if (word !== undefined) {
      command = COMMANDS.get(word.toLowerCase()) ?? null;
      asked = addresses[i] ?? [];
    } else if (REFUSED.test(line)) {
      isPipelined ||= NO_RECIPIENT_LEFT.test(line);
      refusals.push({ command, addresses: [...asked, ...(addresses[i] ?? [])] });
    }
  }
  // With PIPELINING (RFC 2920) the answers to RCPT are read behind `>>> DATA`; the answer to DATA itself tells.
  return isPipelined
    ? refusals.map((refusal) => (refusal.command === 'data' ? { ...refusal, command: 'rcpt' } : refusal))
    : refusals;
}

/** The command whose refusal names the address. */
export function commandRefused(transcript: readonly Refusal[], address: string | null): Command | null {
  const wanted = address?.toLowerCase();
  return transcript.find(({ addresses }) => addresses.some((one) => one === wanted))?.command ?? null;
}
