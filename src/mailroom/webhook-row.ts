import type { WebhookType } from '../../schemas/webhook-type.ts';
import type { Sql } from './sql.ts';
import type { DisabledReason, WebhookRecord } from './webhook-records.ts';

export type WebhookRow = {
  seq: number;
  id: string;
  endpoint: string;
  types: string;
  /** `removed`: gone for everybody, its rows wait for the sweep. */
  status: WebhookRecord['status'] | 'removed';
  disabled_reason: DisabledReason | null;
  disabled_at: number | null;
  secrets: string;
  failing_since: number | null;
  failed_at: number | null;
  include_body: number;
  created_at: number;
};

/** One of a webhook's signing secrets, sealed. `until` is null for the newest. */
export interface KeptSecret {
  readonly sealed: string;
  readonly until: number | null;
}

/** A webhook that is there; null for unknown and removed alike. */
export function findWebhook(sql: Sql, id: string): WebhookRow | null {
  const [row] = sql.exec<WebhookRow>(`SELECT * FROM webhooks WHERE id = ? AND status <> 'removed'`, id);
  return row ?? null;
}

export function secretsOf(row: Pick<WebhookRow, 'secrets'>): readonly KeptSecret[] {
  const kept: readonly KeptSecret[] = JSON.parse(row.secrets);
  return kept;
}

/**
 * What waits for disabled webhooks has failed: it stays listed and can be replayed. Written, and not read from the webhook's
 * state, or enabling it again would send what had been called off. Calls under way are let end.
 */
export function callOff(sql: Sql): void {
  sql.exec(
    `UPDATE webhook_deliveries SET status = 'failed', due_at = NULL
     WHERE webhook IN (SELECT seq FROM webhooks WHERE status = 'disabled')
       AND due_at IS NOT NULL AND lease_until IS NULL`,
  );
}

/** Those that sign now, newest first. */
export function signingSecrets(row: Pick<WebhookRow, 'secrets'>, now: number): readonly string[] {
  return secretsOf(row)
    .filter(({ until }) => until === null || until > now)
    .map(({ sealed }) => sealed);
}

export function webhookRecord(row: WebhookRow): WebhookRecord {
  const types: readonly WebhookType[] = JSON.parse(row.types);
  return {
    id: row.id,
    endpoint: row.endpoint,
    types,
    sealedSecret: secretsOf(row)[0]?.sealed ?? '',
    includeBody: row.include_body === 1,
    status: row.status === 'enabled' ? 'enabled' : 'disabled',
    disabledReason: row.disabled_reason,
    disabledAt: row.disabled_at,
    createdAt: row.created_at,
  };
}
