import { unavailable } from '../../schemas/refusal.ts';
import type { Outgoing } from './answer.ts';
import { identify } from './auth.ts';
import { Gate } from './gate.ts';
import type { Parts } from './parts.ts';
import { presentHealth } from './present.ts';

const RETRY_AFTER_SECONDS = 5;

/**
 * `GET /health`: whether mail can be accepted, for anybody. What is behind it (relays, queue, disk) is for holders of a
 * full-access key; without one the answer is the same for every other key and for none.
 */
export async function health(request: Request, parts: Parts, now: number): Promise<Outgoing> {
  if (!(await parts.accepting())) return { refusal: unavailable(RETRY_AFTER_SECONDS) };
  const identified = await identify(request.headers.get('authorization'), parts);
  if (identified.kind === 'invalid') parts.guesses?.failed(request);
  if (identified.kind !== 'caller') return { status: 200, body: { status: 'ok' } };
  const gate = new Gate(identified.caller, 'full', now);
  const stopped = await gate.admit();
  if (gate.strange) parts.guesses?.failed(request);
  if (stopped !== null) return { status: 200, body: { status: 'ok' } };
  const { account, room } = identified.caller;
  const [report, depth] = await Promise.all([parts.health(account), room.depth({ now })]);
  return { status: 200, body: presentHealth(report, depth) };
}
