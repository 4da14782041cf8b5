/** What is looked at in a printed schema. */
export interface Printed {
  $ref?: string;
  type?: string | string[];
  anyOf?: Printed[];
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Printed>;
  items?: Printed;
  additionalProperties?: unknown;
}

/** `string | null` reads better as a list of types than as a union of two schemas. */
function flattenNull(schema: Printed): void {
  const [inner, nothing, ...others] = schema.anyOf ?? [];
  if (inner === undefined || nothing?.type !== 'null' || others.length > 0) return;
  if (typeof inner.type !== 'string' || inner.$ref !== undefined) return;
  delete schema.anyOf;
  const own = { ...schema };
  Object.assign(schema, inner, own, { type: [inner.type, 'null'] });
  if (inner.enum !== undefined) schema.enum = [...inner.enum, null];
}

/** Drops patterns that a format already says, bounds that only say "a safe integer", and what would close an answer. */
export function tidy(schema: Printed, io: 'input' | 'output'): void {
  flattenNull(schema);
  if (schema.format !== undefined) delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties;
}

/** Shape first, then what it means, then what is inside. Keys not named here come last. */
const KEY_ORDER = [
  '$ref',
  'type',
  'format',
  'const',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'description',
  'x-extension',
  'x-secret',
  'example',
  'required',
  'properties',
  'additionalProperties',
  'items',
  'anyOf',
];

function rank(key: string): number {
  const place = KEY_ORDER.indexOf(key);
  return place === -1 ? KEY_ORDER.length : place;
}

/** The same schema with its keys in one order, at every depth. */
export function arrange(schema: Printed): Printed {
  const entries = Object.entries(schema).sort(([a], [b]) => rank(a) - rank(b));
  const arranged: Printed = Object.fromEntries(entries);
  if (schema.properties !== undefined) {
    arranged.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, arrange(property)]),
    );
  }
  if (schema.items !== undefined) arranged.items = arrange(schema.items);
  if (schema.anyOf !== undefined) arranged.anyOf = schema.anyOf.map(arrange);
  return arranged;
}
