import type { Result } from '../mailroom/mailroom.ts';
import type { Context, KeyedHandlers } from './context.ts';
import { deleteObjects } from './delete-objects.ts';
import { scheduleRefusal } from './readings.ts';
import { readSchedule } from './schedule.ts';

/** Moving, withdrawing, repeating and removing what was accepted. */
export const emailsChange: Pick<KeyedHandlers, 'updateEmail' | 'cancelEmail' | 'retryEmail' | 'deleteEmail'> =
  {
    async updateEmail({ params, body }, context) {
      const { room, now } = context;
      const schedule = readSchedule(body.scheduled_at, now);
      if (schedule.kind !== 'at') return { refusal: scheduleRefusal(schedule, 'scheduled_at') };
      const { at } = schedule;
      return changed(await room.reschedule({ id: params.id.toLowerCase(), scheduledAt: at, now }), context);
    },

    async cancelEmail({ params }, context) {
      return changed(await context.room.cancel({ id: params.id.toLowerCase(), now: context.now }), context);
    },

    async retryEmail({ params }, context) {
      return changed(await context.room.retry({ id: params.id.toLowerCase(), now: context.now }), context);
    },

    async deleteEmail({ params }, { room, now, parts }) {
      const removed = await room.removeEmail({ id: params.id.toLowerCase(), now });
      if (!removed.ok) return removed;
      await deleteObjects(removed.value.objects, room, parts);
      return { status: 200, body: { object: 'email', id: removed.value.id, deleted: true } };
    },
  };

function changed(result: Result<{ readonly id: string }>, { parts, account }: Context) {
  if (!result.ok) return result;
  parts.wake(account);
  return { status: 200, body: { object: 'email', id: result.value.id } } as const;
}
