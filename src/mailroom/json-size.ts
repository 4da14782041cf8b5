const QUOTES = 2;
const COMMA = 1;
const COLON = 1;

/**
 * How many bytes this is as JSON in UTF-8 (RFC 8259 §7 and 8.1, as JSON.stringify prints it), without printing it: a stranger's header
 * takes milliseconds to print, and everybody's sends wait for it.
 *
 * @param value of what JSON has: texts, numbers, true, false, null, lists and plain objects.
 * @param enough from here on nobody wants to know more: what comes back then is above it, and less than all.
 */
export function jsonSize(value: unknown, enough = Number.POSITIVE_INFINITY): number {
  if (typeof value === 'string') return textSize(value, enough);
  if (typeof value !== 'object' || value === null) return (JSON.stringify(value) ?? 'null').length;
  let size = QUOTES;
  let isFirst = true;
  if (Array.isArray(value)) {
    for (const one of value) {
      size += (isFirst ? 0 : COMMA) + jsonSize(one, enough - size);
      isFirst = false;
      if (size > enough) break;
    }
    return size;
  }
  for (const [name, one] of Object.entries(value)) {
    // It is not printed, and its name neither.
    if (one === undefined) continue;
    size += (isFirst ? 0 : COMMA) + textSize(name, enough - size) + COLON;
    size += jsonSize(one, enough - size);
    isFirst = false;
    if (size > enough) break;
  }
  return size;
}

function textSize(text: string, enough: number): number {
  let size = QUOTES + text.length;
  if (size > enough) return size;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x20 && unit < 0x80) {
      if (unit === 0x22 || unit === 0x5c) size += 1;
    } else if (unit < 0x20) size += isShort(unit) ? 1 : 5;
    else if (unit < 0x800) size += 1;
    else if (unit < 0xd800 || unit > 0xdfff) size += 2;
    else if (isPair(text, at)) {
      size += 2;
      at += 1;
    } else size += 5;
  }
  return size;
}

/** Backspace, tab, line feed, form feed and carriage return have an escape of two characters; other control characters one of six. */
function isShort(unit: number): boolean {
  return unit === 0x08 || unit === 0x09 || unit === 0x0a || unit === 0x0c || unit === 0x0d;
}

/** Half of one is printed as an escape. */
function isPair(text: string, at: number): boolean {
  const [first, second] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
  return first < 0xdc00 && second >= 0xdc00 && second <= 0xdfff;
}
