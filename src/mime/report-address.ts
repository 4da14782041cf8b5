const MAX_LOCAL_PART = 64;
const MAX_DOMAIN = 255;
/** Characters before an address that tell what it is. */
const MAX_BEFORE = 40;

// An apostrophe may be a part of a name and is more often a quote. Letters beyond ASCII: RFC 6531.
const LOCAL_PART = /(?:"[^"\s]{1,62}"|[^\s<>()[\]:;,"|@']['\w.!#$%&*+/=?^`{}~\u0080-\uffff-]*)$/;
const DOMAIN = /^[\w\u0080-\uffff](?:[\w.\u0080-\uffff-]*[A-Za-z0-9\u0080-\uffff])?/;

/** Every address in a line with what stands before it; by its `@`, so that a line of letters costs nothing. */
export function addressesIn(line: string): readonly { readonly address: string; readonly before: string }[] {
  const found: { address: string; before: string }[] = [];
  for (let at = line.indexOf('@'); at >= 0; at = line.indexOf('@', at + 1)) {
    const local = LOCAL_PART.exec(line.slice(Math.max(0, at - MAX_LOCAL_PART), at))?.[0];
    const domain = DOMAIN.exec(line.slice(at + 1, at + 1 + MAX_DOMAIN))?.[0];
    if (local === undefined || domain === undefined) continue;
    const start = at - local.length;
    found.push({ address: `${local}@${domain}`, before: line.slice(Math.max(0, start - MAX_BEFORE), start) });
  }
  return found;
}

/** The first address in a text, such as the value of `Final-Recipient`. */
export function addressIn(text: string): string | null {
  return addressesIn(text.slice(0, 1_000))[0]?.address ?? null;
}
