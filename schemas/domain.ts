import * as z from 'zod';
import { Id, Time } from './id.ts';
import { listOf } from './page.ts';

export const REGIONS = ['us-east-1', 'eu-west-1', 'sa-east-1', 'ap-northeast-1'] as const;
export const DOMAIN_STATUSES = [
  'not_started',
  'pending',
  'verified',
  'failed',
  'partially_verified',
  'partially_failed',
] as const;

const Ability = z.enum(['enabled', 'disabled']);

/** A DNS record the owner of the domain would set. */
export const DomainRecord = z
  .object({
    record: z.enum(['SPF', 'DKIM', 'Receiving', 'Receiving MX', 'Tracking', 'TrackingCAA']),
    name: z.string(),
    type: z.enum(['MX', 'TXT', 'CNAME', 'CAA']),
    ttl: z.string(),
    status: z.enum(['not_started', 'pending', 'verified', 'failed', 'temporary_failure']),
    value: z.string(),
    priority: z.int().exactOptional(),
  })
  .meta({ id: 'DomainRecord' });

const summary = {
  id: Id,
  name: z.string().meta({ example: 'example.com' }),
  status: z.enum(DOMAIN_STATUSES),
  created_at: Time,
  region: z.enum(REGIONS).meta({ description: 'Stored and echoed, without effect.' }),
  capabilities: z.object({ sending: Ability, receiving: Ability }),
  open_tracking: z.boolean(),
  click_tracking: z.boolean(),
  tracking_subdomain: z.string().exactOptional(),
};

export const DomainSummary = z.object(summary).meta({ id: 'DomainSummary' });

export const Domain = z
  .object({ object: z.literal('domain'), ...summary, records: z.array(DomainRecord) })
  .meta({ id: 'Domain' });

export const DomainList = listOf(DomainSummary).meta({ id: 'DomainList' });
