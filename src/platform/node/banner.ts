/** What the first lines of a start say. Written to standard output, for people; the log goes to standard error. */
export function banner(what: {
  readonly url: string;
  readonly dataDir: string;
  /** Where mail goes: names of relays, or the folder of the catch-all. */
  readonly relays: readonly string[] | null;
  readonly caughtFolder: string | null;
  /** Where mail comes in; null without SMTP_PORT. */
  readonly smtp: string | null;
  /** The key that was made by this start; null when there was one already. */
  readonly newKey: string | null;
  /** EGRESS_ALLOW, or null. */
  readonly egressAllow: string | null;
  readonly from: string;
}): string {
  const lines = [
    `Mailwright listens on ${what.url}`,
    `  data   ${what.dataDir}`,
    what.caughtFolder === null
      ? `  relay  ${(what.relays ?? []).join(', ')}`
      : `  relay  none configured: mail is kept as .eml files in ${what.caughtFolder}, and received`,
    ...(what.smtp === null ? [] : [`  smtp   receives mail on ${what.smtp}`]),
    `  docs   ${what.url}/docs`,
  ];
  if (what.egressAllow !== null) {
    lines.push(
      `  egress also to ${what.egressAllow} (EGRESS_ALLOW): whoever has a key can reach what is there`,
    );
  }
  if (what.newKey !== null) {
    lines.push(
      '',
      `API key of the account "default", with full access; it is shown this once: ${what.newKey}`,
      '',
      'The first mail:',
      '',
      curlLine({ url: what.url, key: what.newKey, from: what.from }),
    );
  }
  return `${lines.join('\n')}\n`;
}

function curlLine(what: { readonly url: string; readonly key: string; readonly from: string }): string {
  const mail = JSON.stringify({
    from: `You <${what.from}>`,
    to: 'friend@example.org',
    subject: 'Hello',
    text: 'The first mail.',
  });
  return `curl ${what.url}/emails -H 'Authorization: Bearer ${what.key}' -d '${mail}'`;
}
