import { beforeAll, describe, expect, test } from 'vitest';
import { openapiDocument } from '../../schemas/openapi.ts';
import { OPERATIONS } from '../../schemas/operations.ts';
import { FIRED_TYPES } from '../../schemas/webhook-type.ts';
import type { ApiDocument } from '../../src/http/api-document.ts';
import { type DocsPage, docsPage } from '../../src/http/docs-page.ts';

const document = openapiDocument() as unknown as ApiDocument;
let page: DocsPage;

beforeAll(async () => {
  page = await docsPage(document);
});

describe('the reference page', () => {
  test('shows every operation and every schema once, under its own anchor', () => {
    const ids = [...page.html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    const schemas = Object.keys(document.components.schemas).map((name) => `schema-${name}`);
    expect(ids.sort()).toEqual(['top', 'posted', 'schemas', ...Object.keys(OPERATIONS), ...schemas].sort());
  });

  test('shows what is posted to webhooks: every type with its payload, and the headers of the signature', () => {
    const posted = /id="posted"[\s\S]*?<\/section>/.exec(page.html)?.[0] ?? '';
    for (const type of FIRED_TYPES) expect(posted).toContain(`<code>${type}</code>`);
    expect(posted).toContain('href="#schema-EmailBouncedEvent"');
    expect(posted).toContain('webhook-signature');
  });

  test('every link within the page leads somewhere', () => {
    const targets = new Set([...page.html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !targets.has(link))).toEqual([]);
  });

  test('loads nothing: no script, no address of another place, no source', () => {
    expect(page.html).not.toMatch(/<script|<link|<img|<iframe|src=|@import|url\(|javascript:| on\w+=/i);
    const places = [...page.html.matchAll(/href="([^#"][^"]*)"/g)].map(([, href]) => href);
    expect(new Set(places)).toEqual(new Set(['/openapi.yaml', '/openapi.json']));
  });

  test('its policy forbids everything but its own style, by the hash of the bytes in the page', async () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(page.html)?.[1] ?? '';
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style)));
    const policy = page.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'sha256-${btoa(String.fromCharCode(...digest))}'`);
    expect(policy).not.toContain('unsafe');
    expect(page.html).not.toMatch(/ style="/);
  });

  test('text of the document is text in the page, never markup', async () => {
    const hostile = '<script>alert(1)</script> "quoted" & \'so\'';
    const operation = {
      operationId: 'x"><b>',
      tags: [hostile],
      summary: hostile,
      description: `**${hostile}** \`${hostile}\``,
      responses: {
        200: {
          description: hostile,
          content: { 'application/json': { examples: { a: { value: hostile } } } },
        },
      },
    };
    const { html } = await docsPage({
      info: { title: hostile, version: hostile },
      tags: [{ name: hostile, description: hostile }],
      paths: { [hostile]: { [hostile]: operation } },
      components: { schemas: { [hostile]: { type: 'string', enum: [hostile], description: hostile } } },
    });
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toContain('x"><b>');
  });

  test('a body with a single quote in it is still one word to the shell', async () => {
    const { html } = await docsPage({
      ...document,
      paths: {
        '/emails': {
          post: {
            operationId: 'send',
            tags: ['Sending'],
            requestBody: { content: { 'application/json': { examples: { a: { value: "it's" } } } } },
            responses: {},
          },
        },
      },
    });
    expect(html).toContain('-d &#39;&quot;it&#39;\\&#39;&#39;s&quot;&#39;');
  });
});
