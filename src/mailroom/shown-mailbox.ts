import type { ShownMailbox } from './received-records.ts';

/** `Name <address>`; the name in quotes where it would not be one without (RFC 5322 §3.2.4). */
export function shownMailbox({ name, address }: ShownMailbox): string {
  if (name === '') return address;
  const shown = /[()<>[\]:;@\\,."]/.test(name) ? `"${name.replaceAll(/["\\]/g, '\\$&')}"` : name;
  return `${shown} <${address}>`;
}
