import type { HostLine } from '../../../src/due/host.ts';
import {
  createReceiveHook,
  type HookAnswer,
  type HookCall,
  type HookSettings,
  type HookSource,
} from '../../../src/inbound/hooks/receive-hook.ts';
import type { Delivery, Received } from '../../../src/inbound/receive.ts';
import type { Egress } from '../../../src/net/egress.ts';
import { type Body, collected, NOW, pieces, SIGNING_KEY } from './payloads.ts';
import { snsStage, TOPIC } from './sns.ts';

export interface Taken extends Omit<Delivery, 'raw'> {
  readonly raw: Buffer;
}

export interface HookStage {
  /** What the funnel was given. */
  readonly taken: Taken[];
  readonly log: HostLine[];
  post(source: HookSource, body: Body, more?: Partial<HookCall>): Promise<HookAnswer>;
}

export const SETTINGS: HookSettings = {
  mailgunSigningKey: SIGNING_KEY,
  sesTopicArns: [TOPIC],
  maxBytes: 1024 * 1024,
  heldBytes: 2 * 1024 * 1024,
};

/** The adapters in front of a funnel that keeps what it is given, or says what it is told to say. */
export function hookStage(
  parts: {
    readonly settings?: Partial<HookSettings>;
    readonly egress?: Egress;
    readonly says?: Received;
  } = {},
): HookStage {
  const taken: Taken[] = [];
  const log: HostLine[] = [];
  const receiveHook = createReceiveHook({
    egress: parts.egress ?? snsStage({}).egress,
    settings: { ...SETTINGS, ...parts.settings },
    log: (line) => void log.push(line),
    async receive(delivery) {
      const raw = await collected(delivery.raw);
      taken.push({ ...delivery, raw });
      return parts.says ?? { kind: 'kept', id: `mail-${taken.length}`, duplicate: false };
    },
  });
  return {
    taken,
    log,
    post: (source, body, more = {}) =>
      receiveHook({
        source,
        account: 'default',
        to: null,
        contentType: body.contentType,
        body: pieces(body.bytes),
        now: NOW,
        ...more,
      }),
  };
}

/** The status that goes over the wire. */
export function statusOf(
  answer: HookAnswer,
  statuses: Readonly<Record<string, { readonly status: number }>>,
): number {
  return 'refusal' in answer ? (statuses[answer.refusal.code]?.status ?? 0) : answer.status;
}
