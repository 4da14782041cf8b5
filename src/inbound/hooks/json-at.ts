/** A provider's JSON, of which a few texts are wanted; `undefined` when it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text at the end of a path; null when there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : null;
}

/** The list of texts at the end of a path; null when it is anything else. */
export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] | null {
  const found = valueAt(value, path);
  return Array.isArray(found) && found.every((one) => typeof one === 'string') ? found : null;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Object.getOwnPropertyDescriptor(at, name)?.value;
  }
  return at;
}
