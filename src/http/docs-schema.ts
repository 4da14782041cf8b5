import { type ApiSchema, nameOf } from './api-document.ts';
import { html, inline, type Markup } from './markup.ts';

/** `[a, b]` with words between: `a | b`. */
function alternatives(parts: readonly Markup[]): Markup {
  return html`${parts.map((part, index) => (index === 0 ? part : html` | ${part}`))}`;
}

function plainType(schema: ApiSchema, type: string): Markup {
  if (type === 'array') return html`${schema.items === undefined ? 'any' : typeText(schema.items)}[]`;
  return html`${type}${schema.format === undefined ? '' : ` (${schema.format})`}`;
}

/** A type as one reads it: `string | null`, `Tag[]`; names lead to their section. */
export function typeText(schema: ApiSchema): Markup {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return alternatives(either.map(typeText));
  if (schema.const !== undefined) return html`${JSON.stringify(schema.const)}`;
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['any']);
  return alternatives(types.map((type) => plainType(schema, type)));
}

function range(low: number | undefined, high: number | undefined, unit: string): string | null {
  if (low !== undefined && high !== undefined) return `${low} to ${high}${unit}`;
  if (high !== undefined) return `at most ${high}${unit}`;
  return low !== undefined && low > 0 ? `at least ${low}${unit}` : null;
}

function bounds(schema: ApiSchema): readonly string[] {
  return [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' items'),
  ].filter((text) => text !== null);
}

function choices(schema: ApiSchema): Markup | null {
  if (schema.enum === undefined) return null;
  const values = schema.enum.filter((value) => value !== null);
  return html`<p class="choices">${values.map((value) => html`<code>${String(value)}</code> `)}</p>`;
}

export interface Field {
  readonly name: string;
  readonly required: boolean;
  readonly description: string | undefined;
  readonly schema: ApiSchema;
}

/** One line of a list of fields or parameters. */
function fieldRow({ name, required, description, schema }: Field): Markup {
  const facts = bounds(schema);
  return html`<li>
<code class="name">${name}</code> <span class="type">${typeText(schema)}</span>${
    required ? html` <span class="required">required</span>` : null
  }${facts.map((fact) => html` <span class="fact">${fact}</span>`)}${
    description === undefined ? null : html`<p>${inline(description)}</p>`
  }${choices(schema)}
</li>`;
}

export function fieldList(fields: readonly Field[]): Markup {
  return html`<ul class="fields">${fields.map(fieldRow)}</ul>`;
}

export function fieldsOf(schema: ApiSchema): readonly Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    required: schema.required?.includes(name) === true,
    description: property.description,
    schema: property,
  }));
}

/** What a component is, whatever kind of schema it has. */
export function schemaBody(schema: ApiSchema): Markup {
  const fields = fieldsOf(schema);
  if (fields.length > 0) return fieldList(fields);
  return html`<p class="type">${typeText(schema)}</p>${choices(schema)}`;
}
