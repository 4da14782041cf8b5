import { hasForbiddenCharacter, isLongerThan } from './characters.ts';
import { canonicalDomain } from './domain.ts';
import type { HeaderMailbox } from './message.ts';

/** RFC 5321 §4.5.3.1.1, octets. */
const MAX_LOCAL_PART_BYTES = 64;
/** RFC 5321 §4.5.3.1.3: a path of 256 octets, without its angle brackets. */
const MAX_ADDRESS_BYTES = 254;
const MAX_NAME_CHARACTERS = 998;
/** Looked at before anything else, so that a megabyte of `a@b.example,` costs nothing. */
const MAX_GIVEN_LENGTH = 4_096;

/** RFC 5322 §3.2.3 atext, and what RFC 6531 §3.3 adds to it. A dot-atom: no quoted form, no comment, no white space. */
const ATOM = String.raw`[A-Za-z0-9!#$%&'*+\-/=?^_\x60{|}~\u{80}-\u{10ffff}]+`;
const DOT_ATOM = new RegExp(String.raw`^${ATOM}(?:\.${ATOM})*$`, 'u');
/** Nearly every local part there is. None of these characters is invisible, and no encoded word can be made of them. */
const PLAIN_LOCAL = /^[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*$/;
/** Beyond ASCII, letters and marks and symbols may name somebody; separators, controls and formats only deceive. */
const INVISIBLE = /[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Co}]/u;
const ENCODED_WORD = /=\?[^?]*\?[bq]\?/i;
const QUOTED_NAME = /^"((?:[^"\\]|\\.)*)"$/su;

/** A mailbox as our parser read it. Nothing behind the parser reads the text again. */
export interface ParsedMailbox extends HeaderMailbox {
  /** The text as it was given, trimmed: what the API echoes. */
  readonly given: string;
  /** A-label, lower case: the part of `address` behind the `@`. */
  readonly domain: string;
  /** The local part is not ASCII: only a relay with SMTPUTF8 (RFC 6531) can carry it. */
  readonly needsSmtpUtf8: boolean;
}

export type AddressRefusal =
  | 'empty'
  | 'too_long'
  | 'forbidden_character'
  | 'bad_form'
  | 'bad_local_part'
  | 'bad_domain';

export type AddressReading =
  | { readonly ok: true; readonly mailbox: ParsedMailbox }
  | { readonly ok: false; readonly reason: AddressRefusal };

/**
 * Reads exactly one address: `a@b.example` or `Name <a@b.example>`, the name bare or as one quoted string.
 *
 * A comma never splits, because SDKs write `Doe, John <a@b.example>` without quotes: all before the last `<` is the name,
 * as text. What looks like an encoded word is text too. Comments, routes, groups, quoted local parts and address literals
 * are refused: each of them is a place where two readers find two recipients.
 */
export function parseAddress(text: string): AddressReading {
  if (text.length > MAX_GIVEN_LENGTH) return { ok: false, reason: 'too_long' };
  // Before trimming: `trim` would take a line break away in silence.
  if (hasForbiddenCharacter(text)) return { ok: false, reason: 'forbidden_character' };
  const given = text.trim();
  if (given === '') return { ok: false, reason: 'empty' };
  if (!given.endsWith('>')) return parseAddrSpec(given);
  const open = given.lastIndexOf('<');
  const name = open < 0 ? null : readName(given.slice(0, open).trim());
  if (name === null) return { ok: false, reason: 'bad_form' };
  if (isLongerThan(name, MAX_NAME_CHARACTERS)) return { ok: false, reason: 'too_long' };
  const spec = parseAddrSpec(given.slice(open + 1, -1));
  return spec.ok ? { ok: true, mailbox: { ...spec.mailbox, name, given } } : spec;
}

/** Reads a bare address (RFC 5321 Mailbox, without its quoted and literal forms): no name, no brackets, no white space. */
export function parseAddrSpec(text: string): AddressReading {
  if (text === '') return { ok: false, reason: 'empty' };
  if (text.length > MAX_GIVEN_LENGTH) return { ok: false, reason: 'too_long' };
  const at = text.lastIndexOf('@');
  if (at < 0) return { ok: false, reason: 'bad_form' };
  const local = text.slice(0, at).normalize('NFC'); // RFC 6532 §3.1
  // `=` and `?` are atext, but some readers decode an encoded word even here, and find another address.
  if (!isLocalPart(local)) return { ok: false, reason: 'bad_local_part' };
  const domain = canonicalDomain(text.slice(at + 1));
  if (domain === null) return { ok: false, reason: 'bad_domain' };
  const address = `${local}@${domain}`;
  if (isOver(local, MAX_LOCAL_PART_BYTES) || isOver(address, MAX_ADDRESS_BYTES))
    return { ok: false, reason: 'too_long' };
  return {
    ok: true,
    mailbox: { name: '', address, given: text, domain, needsSmtpUtf8: !isAscii(local) },
  };
}

/**
 * The spelling under which a canonical address is held against the suppression list. RFC 5321 §2.4 leaves the case of a
 * local part to its host; the contract compares without it, because to write once too little harms less.
 */
export function suppressionKey(address: string): string {
  return address.toLowerCase();
}

/** A name is one quoted string, or text without angle brackets; null when it is neither. */
function readName(text: string): string | null {
  const quoted = QUOTED_NAME.exec(text)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gsu, '$1').trim();
  return /[<>]/.test(text) ? null : text;
}

function isAscii(text: string): boolean {
  return /^[\x21-\x7e]*$/.test(text);
}

function isLocalPart(local: string): boolean {
  if (PLAIN_LOCAL.test(local)) return true;
  return DOT_ATOM.test(local) && !INVISIBLE.test(local) && !ENCODED_WORD.test(local);
}

/** Octets of UTF-8. A unit of text is three at most: encoded only where the length leaves a doubt. */
function isOver(text: string, bytes: number): boolean {
  return text.length * 3 > bytes && new TextEncoder().encode(text).length > bytes;
}
