import { OPERATIONS } from '../../schemas/operations.ts';
import { readBatch } from '../../schemas/read-batch.ts';
import { tolerate } from '../../schemas/tolerance.ts';
import { type DraftOrRefusal, draftEmail } from './new-email.ts';
import { refusedPlan, type SendEndpoint } from './send.ts';

/** `POST /emails/batch` */
export const sendBatch: SendEndpoint = {
  operation: OPERATIONS.sendBatch,
  async plan(request) {
    const batch = readBatch(tolerate('sendBatch', request.body));
    if (!batch.ok) return refusedPlan(batch.refusal);
    const mode = request.headers['x-batch-validation'] === 'permissive' ? 'permissive' : 'strict';
    const items: DraftOrRefusal[] = [];
    for (const body of batch.items) items.push(await draftEmail({ ...request, body }));
    return { ok: true, value: { mode, items } };
  },
};
