import { OPERATIONS } from '../../schemas/operations.ts';
import { tolerate } from '../../schemas/tolerance.ts';
import { draftEmail } from './new-email.ts';
import { noObject, type SendEndpoint } from './plan.ts';

/** `POST /emails` */
export const sendEmail: SendEndpoint = {
  operation: OPERATIONS.sendEmail,
  wrongType: noObject,
  async plan(request) {
    const item = await draftEmail({ ...request, body: tolerate('sendEmail', request.body) });
    return { ok: true, value: { mode: 'single', items: [item] } };
  },
};
