import type { Capabilities } from './capabilities.ts';
import { needsSmtputf8 } from './envelope.ts';
import type { Envelope } from './relay.ts';
import { reportWishes } from './reports.ts';

type Offered = Pick<Capabilities, 'size' | 'eightBitMime' | 'smtputf8' | 'dsn'>;

/** MAIL with the parameters that the server offers: one that it does not know it refuses (RFC 5321 §4.1.1.11). */
export function mailCommand(envelope: Envelope, offered: Offered): string {
  const wishes = offered.dsn ? reportWishes(envelope) : null;
  return [
    `MAIL FROM:<${envelope.sender}>`,
    ...(offered.smtputf8 && needsSmtputf8(envelope) ? ['SMTPUTF8'] : []),
    ...(offered.eightBitMime && envelope.needs8BitMime === true ? ['BODY=8BITMIME'] : []),
    ...(offered.size && envelope.size > 0 ? [`SIZE=${envelope.size}`] : []),
    ...(wishes === null ? [] : [`RET=${wishes.ret}`, `ENVID=${xtext(wishes.envid)}`]),
  ].join(' ');
}

export function rcptCommand(recipient: string, envelope: Envelope, offered: Offered): string {
  const wishes = offered.dsn ? reportWishes(envelope) : null;
  return [
    `RCPT TO:<${recipient}>`,
    ...(wishes === null ? [] : [`NOTIFY=${wishes.notify.join(',')}`]),
    ...(wishes?.orcpt === undefined ? [] : [`ORCPT=${xtext(wishes.orcpt)}`]),
  ].join(' ');
}

/** RFC 3461 §4: visible ASCII but `+` and `=`, and all else as its byte in hexadecimal. */
function xtext(text: string): string {
  if (/^[!-*,-<>-~]*$/.test(text)) return text;
  let encoded = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += /[!-*,-<>-~]/.test(character)
      ? character
      : `+${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
