import { BrokenBody, type Egress } from '../../net/egress.ts';

/** SNS waits 15 s for an answer of ours, and this is one part of it. */
const WITHIN_MS = 5_000;
const HOST = /^sns\.[a-z0-9-]{3,32}\.amazonaws\.com(?:\.cn)?$/;

/** Whether a URL leads to SNS in some region, over TLS, and nowhere else. */
export function isSnsUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port, username, password } = new URL(url);
  return protocol === 'https:' && HOST.test(hostname) && port === '' && username === '' && password === '';
}

/** What a call to SNS answers, when that is 200 and no longer than allowed; null otherwise. Redirects are not followed. */
export async function fetchFromSns(
  egress: Egress,
  { url, maxBytes }: { readonly url: string; readonly maxBytes: number },
): Promise<string | null> {
  const result = await egress.fetch({
    purpose: 'provider',
    method: 'GET',
    url,
    headers: {},
    body: null,
    withinMs: WITHIN_MS,
    maxBytes,
  });
  if (!result.ok) return null;
  const { status, body, discard } = result.answer;
  if (status !== 200) {
    discard();
    return null;
  }
  try {
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of body) text += decoder.decode(piece, { stream: true });
    return text;
  } catch (cause) {
    if (cause instanceof BrokenBody) return null;
    throw cause;
  }
}
