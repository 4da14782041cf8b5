import { MAX_BATCH } from '../../schemas/batch.ts';
import { OPERATIONS } from '../../schemas/operations.ts';
import { readBatch } from '../../schemas/read-batch.ts';
import { tolerate } from '../../schemas/tolerance.ts';
import type { ParsedMailbox } from '../mime/address.ts';
import type { DraftOrRefusal, Waiting } from './draft.ts';
import { draftEmail } from './new-email.ts';
import type { SendEndpoint } from './plan.ts';

/** `POST /emails/batch` */
export const sendBatch: SendEndpoint = {
  operation: OPERATIONS.sendBatch,
  wrongType: (body) => (Array.isArray(body) ? null : `An array of 1 to ${MAX_BATCH} e-mails is expected.`),
  async plan(request) {
    const batch = readBatch(tolerate('sendBatch', request.body));
    if (!batch.ok) return batch;
    const mode = request.headers['x-batch-validation'] === 'permissive' ? 'permissive' : 'strict';
    const items: (DraftOrRefusal | Waiting)[] = [];
    const mailboxes = new Map<string, ParsedMailbox>();
    for (const body of batch.items) items.push(await draftEmail({ ...request, body, mailboxes }));
    return { ok: true, value: { mode, items } };
  },
};
