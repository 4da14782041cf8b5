import type * as z from 'zod';
import type { DryRun } from '../../schemas/dry-run.ts';
import { ERRORS, type Refusal } from '../../schemas/error.ts';
import { inBatch } from '../mailroom/answer.ts';
import { sealBytes } from '../mime/composed.ts';
import { lintMessage } from '../mime/lint.ts';
import type { Composed, Message } from '../mime/message.ts';
import type { Outgoing } from './answer.ts';
import { collect } from './collect.ts';
import type { Draft, DraftOrRefusal } from './draft.ts';
import { draftMessage } from './draft-message.ts';
import type { Gate } from './gate.ts';
import { bytesText } from './message-limit.ts';
import type { Parts } from './parts.ts';
import type { Plan } from './plan.ts';
import { draftRefusal } from './sender.ts';

/** The version of bytes that no composer made. */
const RAW_VERSION = 0;

type Tried =
  | { readonly kind: 'tried'; readonly answer: z.output<typeof DryRun> }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

interface DryRunCall {
  readonly mode: Plan['mode'];
  readonly items: readonly DraftOrRefusal[];
  readonly gate: Gate;
  readonly parts: Parts;
  readonly now: number;
}

/** What the send would have done: everything is checked and composed, nothing is stored, no key is used up. */
export async function dryRunAnswer(call: DryRunCall): Promise<Outgoing> {
  const { mode, items, parts } = call;
  const tried: Tried[] = [];
  let shown = 0;
  for (const item of items) {
    const one = await tryItem(item, call);
    shown += one.kind === 'tried' ? one.answer.size : 0;
    if (shown > parts.settings.bodyCap) return { refusal: tooMuch(parts.settings.bodyCap) };
    tried.push(one);
  }
  const refused = tried.flatMap((item, index) => (item.kind === 'refused' ? [{ ...item, index }] : []));
  const data = tried.flatMap((item) => (item.kind === 'tried' ? [item.answer] : []));
  const [first] = refused;
  switch (mode) {
    case 'single':
      return first === undefined ? { status: 200, body: data[0] } : { refusal: first.refusal };
    case 'strict':
      return first === undefined ? { status: 200, body: { data } } : { refusal: inBatch(first) };
    case 'permissive':
      return {
        status: 200,
        body: {
          data,
          errors: refused.map(({ index, refusal }) => ({ index, message: refusal.message })),
          results: tried.map(resultOf),
        },
      };
  }
}

/** A hundred mails with one file between them would be a hundred copies of it in one answer: it is as large as a request may be. */
function tooMuch(limit: number): Refusal {
  return {
    code: 'too_large',
    message: `The messages are too large to be shown. At most ${bytesText(limit)} are shown in one answer.`,
  };
}

function resultOf(item: Tried, index: number): object {
  if (item.kind === 'tried') return { index, status: 'accepted', id: item.answer.id };
  const { code, message } = item.refusal;
  return { index, status: 'rejected', name: ERRORS[code].name, message };
}

async function tryItem(item: DraftOrRefusal, { gate, parts, now }: DryRunCall): Promise<Tried> {
  if (item.kind === 'refused') return item;
  const { email, content } = item.draft;
  const { domains } = parts.settings;
  const refusal = draftRefusal(item.draft, gate.key.domain, domains);
  if (refusal !== null) return { kind: 'refused', refusal };
  const message = draftMessage(item.draft, now);
  const composed =
    'raw' in content
      ? await sealBytes({ version: RAW_VERSION, bytes: content.raw })
      : await parts.compose(message);
  return { kind: 'tried', answer: await answerOf(email, composed, 'raw' in content ? null : message) };
}

async function answerOf(
  email: Draft['email'],
  composed: Composed,
  message: Message | null,
): Promise<z.output<typeof DryRun>> {
  const bytes = await collect(composed.open());
  return {
    id: email.id,
    object: 'dry_run',
    mime: new TextDecoder().decode(bytes),
    size: composed.size,
    envelope: { from: email.sender, to: email.envelope.map(({ address }) => address) },
    // What a caller composed himself is his own business.
    lint: message === null ? [] : lintMessage(message).map((finding) => ({ ...finding })),
  };
}
