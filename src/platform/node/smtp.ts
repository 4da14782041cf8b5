import { isIPv6 } from 'node:net';
import { OPERATOR_ACCOUNT } from '../../http/parts.ts';
import type { Log } from '../../operator/log.ts';
import type { Settings } from '../../operator/settings.ts';
import { CannotStart, cannotListen } from './cannot-start.ts';
import type { Circle } from './catch-all.ts';
import { type Certificate, openCertificate } from './certificate.ts';
import { clock } from './host.ts';
import { openSmtpListener, type SmtpListener } from './smtp-listener.ts';

/** The listener of SMTP_PORT; null without one. */
export async function openSmtp(
  settings: Settings,
  parts: { readonly funnel: Circle; readonly log: Log },
): Promise<SmtpListener | null> {
  const { smtp, ehloName, receivingDomains } = settings;
  if (smtp === null) return null;
  const { host, port } = smtp;
  return openSmtpListener({
    host,
    port,
    name: ehloName,
    maxBytes: settings.INBOUND_MAX_BYTES,
    certificate: smtp.tls === null ? null : await certificateOf(smtp.tls, parts.log),
    account: OPERATOR_ACCOUNT,
    postmasterDomain: receivingDomains?.[0] ?? ehloName,
    ...parts.funnel,
    clock,
    log: parts.log,
  }).catch((cause: unknown) => {
    throw cannotListen({ host: host ?? 'every address', port, setting: 'SMTP_PORT' }, cause);
  });
}

function certificateOf(
  files: { readonly cert: string; readonly key: string },
  log: Log,
): Promise<Certificate> {
  return openCertificate({ files, log }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CannotStart(`SMTP_TLS_CERT and SMTP_TLS_KEY cannot be used: ${reason}`, { cause });
  });
}

/** For people: `[::]:25`. */
export function placeOf({ host, port }: SmtpListener): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
