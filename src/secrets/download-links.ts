import type { Claims, Tickets } from './ticket.ts';

/** A file that a link leads to. The row of its mail decides whether it is still there. */
export type DownloadTarget =
  | {
      readonly kind: 'email';
      readonly account: string;
      readonly email: string;
      readonly attachment: string;
    }
  | {
      readonly kind: 'received';
      readonly account: string;
      readonly email: string;
      /** Null: the mail itself, as it came. */
      readonly attachment: string | null;
    };

/** What the link to a file says, in the few letters that a link should have. */
export function downloadClaims(target: DownloadTarget): Claims {
  const { account: a, email, attachment: f } = target;
  return target.kind === 'email' ? { a, e: email, f } : { a, r: email, f };
}

/** Null for claims that are none of ours. */
export function readDownload({ a: account, e, r, f: attachment = null }: Claims): DownloadTarget | null {
  if (typeof account !== 'string' || typeof attachment === 'number') return null;
  if (typeof r === 'string') return { kind: 'received', account, email: r, attachment };
  if (typeof e !== 'string' || attachment === null) return null;
  return { kind: 'email', account, email: e, attachment };
}

/** The link itself: it needs no key. @param until milliseconds since 1970 UTC: from that moment on it is refused. */
export async function downloadUrl(
  target: DownloadTarget,
  {
    tickets,
    publicUrl,
    until,
  }: { readonly tickets: Tickets; readonly publicUrl: string; readonly until: number },
): Promise<string> {
  return `${publicUrl}/downloads/${await tickets.issue(downloadClaims(target), until)}`;
}
