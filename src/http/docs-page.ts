import {
  type ApiContent,
  type ApiDocument,
  type ApiExample,
  type ApiOperation,
  type ApiSchema,
  nameOf,
} from './api-document.ts';
import { type Field, fieldList, schemaBody, typeText } from './docs-schema.ts';
import { DOCS_STYLE } from './docs-style.ts';
import { postedEvents } from './docs-webhooks.ts';
import { html, inline, jsonCode, type Markup, paragraphs } from './markup.ts';

/** An operation with the place it is called at. */
interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

function entriesOf(document: ApiDocument): readonly Entry[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

function methodBadge(method: string): Markup {
  return html`<span class="method ${method}">${method}</span>`;
}

function navigation(document: ApiDocument, entries: readonly Entry[]): Markup {
  const groups = (document.tags ?? []).map(({ name }) => {
    const links = entries
      .filter(({ operation }) => operation.tags?.includes(name))
      .map(({ method, operation }) => {
        // In a narrow column a plain hyphen would break `e-mail` in two.
        const label = (operation.summary ?? operation.operationId).replaceAll('-', '\u2011');
        return html`<li><a href="#${operation.operationId}">${methodBadge(method)}<span>${label}</span></a></li>`;
      });
    return html`<h2>${name}</h2><ul>${links}</ul>`;
  });
  const posted =
    document.webhooks === undefined ? null : html`<li><a href="#posted">Posted to webhooks</a></li>`;
  return html`<nav aria-label="Contents">
<a href="#top">${document.info.title}</a>
<ul><li><a href="/openapi.yaml">openapi.yaml</a></li><li><a href="/openapi.json">openapi.json</a></li></ul>
${groups}
<h2>Reference</h2><ul>${posted}<li><a href="#schemas">Schemas</a></li></ul>
</nav>`;
}

/** Who may call: the page says it at every operation, since it is the first thing that goes wrong. */
function keyText({ security }: ApiOperation): string {
  if (security === undefined) return 'Needs an API key';
  return security.length === 0 ? 'Needs no key' : 'Needs no key; shows more with one';
}

const PLACES = [
  ['path', 'Path'],
  ['query', 'Query'],
  ['header', 'Headers'],
] as const;

function parameterLists({ parameters = [] }: ApiOperation): readonly Markup[] {
  return PLACES.flatMap(([place, title]) => {
    const fields: readonly Field[] = parameters
      .filter((parameter) => parameter.in === place)
      .map(({ name, required, description, schema }) => ({
        name,
        required: required === true,
        description,
        schema,
      }));
    return fields.length === 0 ? [] : [html`<h4>${title}</h4>${fieldList(fields)}`];
  });
}

/** The schema behind a reference, or the schema itself. */
function resolved(document: ApiDocument, schema: ApiSchema): ApiSchema {
  return schema.$ref === undefined ? schema : (document.components.schemas[nameOf(schema.$ref)] ?? schema);
}

function contentText(document: ApiDocument, [mediaType, content]: readonly [string, ApiContent]): Markup {
  if (mediaType !== 'application/json' || content.schema === undefined) {
    return html`<p><code>${mediaType}</code></p>`;
  }
  const schema = resolved(document, content.schema);
  const body = schema.properties === undefined ? null : schemaBody(schema);
  return html`<p class="type">${typeText(content.schema)}</p>${body}`;
}

function requestBody(document: ApiDocument, { requestBody: body }: ApiOperation): Markup | null {
  if (body === undefined) return null;
  const contents = Object.entries(body.content).map((content) => contentText(document, content));
  return html`<h4>Body</h4>${contents}`;
}

function answerText(document: ApiDocument, operation: ApiOperation): readonly Markup[] {
  return Object.entries(operation.responses)
    .filter(([status]) => status < '400')
    .map(([status, { content = {} }]) => {
      const texts = Object.entries(content).map((entry) => contentText(document, entry));
      return html`<h4>Answer ${status}</h4><details class="more"><summary>Fields</summary>${texts}</details>`;
    });
}

interface Problem {
  readonly name: string;
  readonly message: string;
}

function problemOf(document: ApiDocument, example: ApiExample): Problem | undefined {
  const target = example.$ref === undefined ? example : document.components.examples?.[nameOf(example.$ref)];
  return target?.value as Problem | undefined;
}

function errorTable(document: ApiDocument, operation: ApiOperation): Markup {
  const rows = Object.entries(operation.responses)
    .filter(([status]) => status >= '400')
    .flatMap(([status, { content }]) =>
      Object.values(content?.['application/json']?.examples ?? {}).map((example) => {
        const problem = problemOf(document, example);
        return html`<tr><td>${status}</td><td><code>${problem?.name ?? ''}</code></td><td>${inline(
          problem?.message ?? '',
        )}</td></tr>`;
      }),
    );
  return html`<h4>Errors</h4><details class="more"><summary>${rows.length} cases</summary>
<table class="errors">${rows}</table></details>`;
}

/** Single quotes end a shell word; everything else stands as it is. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curlText({ method, path, operation }: Entry, body: unknown): string {
  const lines = [`curl -X ${method.toUpperCase()} "$MAILWRIGHT_URL${path}"`];
  if (operation.security === undefined) lines.push(`-H "Authorization: Bearer $MAILWRIGHT_KEY"`);
  if (body !== undefined) {
    lines.push(`-H 'Content-Type: application/json'`, `-d ${shellQuoted(JSON.stringify(body, null, 2))}`);
  }
  return lines.join(' \\\n  ');
}

function sample(title: string, code: Markup, isOpen: boolean): Markup {
  const open = html`<details class="sample" open><summary>${title}</summary><pre>${code}</pre></details>`;
  const closed = html`<details class="sample"><summary>${title}</summary><pre>${code}</pre></details>`;
  return isOpen ? open : closed;
}

function samples(entry: Entry): Markup {
  const { operation } = entry;
  const requests = Object.entries(operation.requestBody?.content['application/json']?.examples ?? {});
  const answers = Object.entries(operation.responses)
    .filter(([status]) => status < '400')
    .flatMap(([status, { content }]) =>
      Object.entries(content?.['application/json']?.examples ?? {}).map(([name, { value }], index) =>
        sample(`${status} ${name}`, jsonCode(value), index === 0),
      ),
    );
  const calls =
    requests.length === 0
      ? [sample('Request', html`${curlText(entry, undefined)}`, true)]
      : requests.map(([name, { value }], index) =>
          sample(`Request: ${name}`, html`${curlText(entry, value)}`, index === 0),
        );
  return html`<div class="samples">${calls}${answers}</div>`;
}

function article(document: ApiDocument, entry: Entry): Markup {
  const { method, path, operation } = entry;
  return html`<article id="${operation.operationId}">
<div>
<h3>${operation.summary ?? operation.operationId}</h3>
<div class="route">${methodBadge(method)}<span class="path">${path}</span><span class="key">${keyText(operation)}</span></div>
${paragraphs(operation.description ?? '')}
${parameterLists(operation)}${requestBody(document, operation)}${answerText(document, operation)}${errorTable(
  document,
  operation,
)}
</div>
${samples(entry)}
</article>
`;
}

function tagSections(document: ApiDocument, entries: readonly Entry[]): readonly Markup[] {
  return (document.tags ?? []).map(({ name, description }) => {
    const articles = entries
      .filter(({ operation }) => operation.tags?.includes(name))
      .map((entry) => article(document, entry));
    return html`<section class="tag"><h2>${name}</h2><p>${description ?? ''}</p>${articles}</section>`;
  });
}

function components(document: ApiDocument): Markup {
  const parts = Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      html`<div class="component" id="schema-${name}"><h3>${name}</h3>${
        schema.description === undefined ? null : paragraphs(schema.description)
      }${schemaBody(schema)}</div>`,
  );
  return html`<section class="tag" id="schemas"><h2>Schemas</h2>${parts}</section>`;
}

function wholePage(document: ApiDocument): Markup {
  const entries = entriesOf(document);
  const { title, version, description = '' } = document.info;
  const style: Markup = { markup: DOCS_STYLE };
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title} API reference</title>
<style>${style}</style>
</head>
<body id="top">
<div class="layout">
${navigation(document, entries)}
<main>
<header class="intro"><h1>${title}<small>${version}</small></h1>${paragraphs(description)}</header>
${tagSections(document, entries)}
${postedEvents(document)}
${components(document)}
</main>
</div>
</body>
</html>
`;
}

async function styleSource(): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(DOCS_STYLE));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

export interface DocsPage {
  readonly html: string;
  /** A policy under which the page loads nothing, runs nothing, and is shown in nobody's frame. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The reference page of a parsed OpenAPI document. The same document gives the same page: render it once. */
export async function docsPage(document: ApiDocument): Promise<DocsPage> {
  return {
    html: wholePage(document).markup,
    headers: {
      'content-security-policy': `default-src 'none'; style-src ${await styleSource()}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  };
}
