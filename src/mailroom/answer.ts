import { ERRORS, type Refusal } from '../../schemas/error.ts';
import type { AcceptCall, StoredAnswer } from './mailroom.ts';

/** What became of one item of a send. */
export type ItemResult =
  | { readonly kind: 'accepted'; readonly id: string }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * The answer of an accepted request, as it is stored for replays (wire-contract.md §6 and §15).
 *
 * `single` answers one id, `strict` a list without `errors`, `permissive` always with `errors` and one result per item.
 */
export function answerOf({
  mode,
  results,
}: {
  readonly mode: AcceptCall['mode'];
  readonly results: readonly ItemResult[];
}): StoredAnswer {
  const data = results.flatMap((result) => (result.kind === 'accepted' ? [{ id: result.id }] : []));
  switch (mode) {
    case 'single':
      return { status: 200, body: JSON.stringify(data[0]) };
    case 'strict':
      return { status: 200, body: JSON.stringify({ data }) };
    case 'permissive': {
      const errors = results.flatMap((result, index) =>
        result.kind === 'refused' ? [{ index, message: result.refusal.message }] : [],
      );
      return { status: 200, body: JSON.stringify({ data, errors, results: results.map(itemAnswer) }) };
    }
  }
}

/** The refusal of a strict batch: the item's own, its path led by the item's place. */
export function inBatch({ refusal, index }: { readonly refusal: Refusal; readonly index: number }): Refusal {
  const { field } = refusal;
  if (field === undefined) return { ...refusal, field: `[${index}]` };
  const path = `[${index}].${field}`;
  return {
    ...refusal,
    field: path,
    message: refusal.message.replace(`\`${field}\` field`, `\`${path}\` field`),
  };
}

function itemAnswer(result: ItemResult, index: number): object {
  switch (result.kind) {
    case 'accepted':
      return { index, status: 'accepted', id: result.id };
    case 'refused': {
      const { code, message } = result.refusal;
      return { index, status: 'rejected', name: ERRORS[code].name, message };
    }
  }
}
