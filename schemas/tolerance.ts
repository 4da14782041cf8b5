import type { OperationId } from './operations.ts';

type Json = Readonly<Record<string, unknown>>;

/** Older spellings that published SDKs send (wire contract, section 5.1). */
const ATTACHMENT_ALIASES = [
  ['contentType', 'content_type'],
  ['inline_content_id', 'content_id'],
] as const;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `null` means absent. `Object.fromEntries` defines properties instead of assigning them, so a key named `__proto__` stays
 * a key and reaches no prototype.
 */
function withoutNulls(value: Json): Json {
  const entries = Object.entries(value);
  const kept = entries.filter(([, item]) => item !== null);
  return kept.length === entries.length ? value : Object.fromEntries(kept);
}

/** PHP writes an empty map as `[]`. */
function asMap(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? {} : value;
}

function withMap(value: Json, key: string): Json {
  return Object.hasOwn(value, key) ? replaced(value, key, asMap(value[key])) : value;
}

function replaced(value: Json, key: string, item: unknown): Json {
  if (value[key] === item) return value;
  return Object.fromEntries([...Object.entries(value), [key, item]]);
}

function tolerateAttachment(value: unknown): unknown {
  if (!isObject(value)) return value;
  let attachment = withoutNulls(value);
  for (const [alias, name] of ATTACHMENT_ALIASES) {
    if (Object.hasOwn(attachment, alias) && !Object.hasOwn(attachment, name)) {
      attachment = replaced(attachment, name, attachment[alias]);
    }
  }
  return attachment;
}

function tolerateSend(value: unknown): unknown {
  if (!isObject(value)) return value;
  let send = withMap(withoutNulls(value), 'headers');
  const { template, attachments } = send;
  if (isObject(template)) {
    send = replaced(send, 'template', withMap(withoutNulls(template), 'variables'));
  }
  return Array.isArray(attachments)
    ? replaced(send, 'attachments', attachments.map(tolerateAttachment))
    : send;
}

/**
 * What the contract forgives, as one pure step between the JSON and the schema: `null` for absent, `[]` for an empty map,
 * older spellings. Never changes its input, never looks into attachment content.
 */
export function tolerate(operation: OperationId, body: unknown): unknown {
  switch (operation) {
    case 'sendEmail':
      return tolerateSend(body);
    case 'sendBatch':
      return Array.isArray(body) ? body.map(tolerateSend) : body;
    default:
      return isObject(body) ? withoutNulls(body) : body;
  }
}
