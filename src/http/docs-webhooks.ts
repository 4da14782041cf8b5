import { type ApiDocument, nameOf } from './api-document.ts';
import { fieldList, typeText } from './docs-schema.ts';
import { html, inline, type Markup } from './markup.ts';

/** What is posted to webhooks: each type with its payload, and the headers that all of them carry. */
export function postedEvents({ webhooks = {}, components }: ApiDocument): Markup | null {
  const calls = Object.entries(webhooks).flatMap(([type, { post }]) =>
    post === undefined ? [] : [{ type, call: post }],
  );
  const [first] = calls;
  if (first === undefined) return null;
  const rows = calls.map(({ type, call }) => {
    const payload = call.requestBody?.content['application/json']?.schema ?? {};
    return html`<tr><td><code>${type}</code></td><td>${typeText(payload)}</td><td>${inline(
      call.summary ?? '',
    )}</td></tr>`;
  });
  const headers = (first.call.parameters ?? []).flatMap(({ $ref }) => {
    const parameter = $ref === undefined ? undefined : components.parameters?.[nameOf($ref)];
    return parameter === undefined
      ? []
      : { ...parameter, required: true, description: parameter.description };
  });
  return html`<section class="tag" id="posted"><h2>Posted to webhooks</h2><p>${inline(
    first.call.description ?? '',
  )}</p>
<h4>Headers</h4>${fieldList(headers)}
<h4>Payloads</h4><table class="errors">${rows}</table></section>`;
}
