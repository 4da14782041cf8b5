import type { HostLine } from '../../src/due/host.ts';
import type { DeliveryClaim } from '../../src/mailroom/webhook-records.ts';
import { deriveKey } from '../../src/secrets/derive.ts';
import { createSealer, type Sealer } from '../../src/secrets/sealer.ts';
import { mintSecret } from '../../src/secrets/signature.ts';

export const sealer: Sealer = createSealer(
  await deriveKey({ secret: 'a secret of 32 bytes, and some more', purpose: 'webhook secrets' }),
);

export function newSecret(): string {
  return mintSecret((size) => crypto.getRandomValues(new Uint8Array(size)));
}

/** A call as a room hands it out, for a webhook that knows these secrets. */
export async function claimFor(
  endpoint: string,
  secrets: readonly string[],
  change: Partial<DeliveryClaim> = {},
): Promise<DeliveryClaim> {
  const webhookId = '0190b9a0-0000-7000-8000-000000000001';
  return {
    claimId: '1.1.x',
    webhookId,
    endpoint,
    eventId: 'msg_0190b9a0000070008000000000000002',
    payload:
      '{"type":"email.sent","created_at":"2026-01-01T00:00:00.000Z","data":{"subject":"\uC548\uB155 \u{1F4EC}"}}',
    attempt: 1,
    sealedSecrets: await Promise.all(secrets.map((secret) => sealer.seal(secret, webhookId))),
    leaseUntil: Number.MAX_SAFE_INTEGER,
    ...change,
  };
}

/** A log that keeps its lines. */
export function openLog(): { readonly lines: HostLine[]; readonly log: (line: HostLine) => void } {
  const lines: HostLine[] = [];
  return { lines, log: (line) => void lines.push(line) };
}
