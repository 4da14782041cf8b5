import type { Refusal } from '../../schemas/error.ts';
import { invalidField } from '../../schemas/refusal.ts';
import type { Outgoing } from './answer.ts';
import type { DraftOrRefusal, Waiting } from './draft.ts';
import type { Gate, Reservation } from './gate.ts';
import { gather, MAX_SOURCES, type Wants, wantsOf } from './outside.ts';
import type { Parts } from './parts.ts';
import type { Plan } from './plan.ts';
import type { Shelf } from './shelf.ts';

interface FindCall {
  readonly gate: Gate;
  readonly request: Request;
  readonly parts: Parts;
  readonly shelf: Shelf;
  readonly now: number;
  readonly isDryRun: boolean;
  readonly reservation: Reservation | null;
}

/**
 * Finishes the mails that wait for files from elsewhere. Nothing is fetched for a stranger, for a request that was answered before, or
 * for a mail behind the one that refuses the request.
 */
export async function findFiles(
  { mode, items }: Plan,
  call: FindCall,
): Promise<{ readonly items: readonly DraftOrRefusal[] } | { readonly stopped: Outgoing }> {
  const { gate, reservation, request } = call;
  const first = mode === 'permissive' ? -1 : items.findIndex(({ kind }) => kind === 'refused');
  const asked = first === -1 ? items : items.slice(0, first + 1);
  const waiting = asked.filter((item): item is Waiting => item.kind === 'waiting');
  if (waiting.length === 0) return { items: asked.filter((item) => item.kind !== 'waiting') };
  const wants = wantsOf(waiting.flatMap(({ sources }) => sources));
  const tooMany = countRefusal(wants);
  if (tooMany !== null) return { stopped: await gate.refuse(tooMany) };
  const stopped = await gate.admit({ reservation, uploads: [...wants.uploads] });
  if (stopped !== null) return { stopped };
  const outside = await gather({
    ...call,
    wants,
    mails: waiting.length,
    uploads: gate.uploads,
    signal: request.signal,
  });
  const finished: DraftOrRefusal[] = [];
  for (const item of asked) finished.push(item.kind === 'waiting' ? await item.finish(outside) : item);
  return { items: finished };
}

function countRefusal({ urls, uploads }: Wants): Refusal | null {
  return urls.size + uploads.size <= MAX_SOURCES
    ? null
    : invalidField(
        'attachments',
        `At most ${MAX_SOURCES} different URLs and uploads are allowed in a request.`,
      );
}
