import { OPERATIONS } from '../../schemas/operations.ts';
import { wrongBodyType } from '../../schemas/refusal.ts';
import { tolerate } from '../../schemas/tolerance.ts';
import { draftEmail } from './new-email.ts';
import { refusedPlan, type SendEndpoint } from './send.ts';

/** `POST /emails` */
export const sendEmail: SendEndpoint = {
  operation: OPERATIONS.sendEmail,
  async plan(request) {
    const { body } = request;
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      return refusedPlan(wrongBodyType('An object is expected.'));
    }
    const item = await draftEmail({ ...request, body: tolerate('sendEmail', body) });
    return { ok: true, value: { mode: 'single', items: [item] } };
  },
};
