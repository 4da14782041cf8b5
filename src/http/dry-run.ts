import type * as z from 'zod';
import type { DryRun } from '../../schemas/dry-run.ts';
import { ERRORS, type Refusal } from '../../schemas/error.ts';
import { inBatch } from '../mailroom/answer.ts';
import { sealBytes } from '../mime/composed.ts';
import { lintMessage } from '../mime/lint.ts';
import type { Composed, Message } from '../mime/message.ts';
import type { Outgoing } from './answer.ts';
import { collect } from './collect.ts';
import type { Gate } from './gate.ts';
import type { Body, Draft, DraftOrRefusal } from './new-email.ts';
import type { Parts } from './parts.ts';
import type { Plan } from './plan.ts';
import { draftRefusal } from './sender.ts';

/** The version of bytes that no composer made. */
const RAW_VERSION = 0;

type Tried =
  | { readonly kind: 'tried'; readonly answer: z.output<typeof DryRun> }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

interface DryRunCall extends Plan {
  readonly gate: Gate;
  readonly parts: Parts;
  readonly now: number;
}

/** What the send would have done: everything is checked and composed, nothing is stored, no key is used up. */
export async function dryRunAnswer(call: DryRunCall): Promise<Outgoing> {
  const { mode, items } = call;
  const tried: Tried[] = [];
  for (const item of items) tried.push(await tryItem(item, call));
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
  const message = messageOf(item.draft, now);
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

function messageOf({ email, content }: Draft, now: number): Message {
  const body: Body = 'raw' in content ? { html: null, text: null } : content;
  return {
    messageId: email.messageId,
    date: email.scheduledAt ?? now,
    boundary: email.boundary,
    from: email.from,
    to: email.to,
    cc: email.cc ?? [],
    replyTo: email.replyTo ?? [],
    subject: email.subject,
    headers: email.headers,
    ...body,
  };
}
