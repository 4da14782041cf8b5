/**
 * Compares a token with API_KEY. Digests of both are compared, so that neither length nor content shows in the time.
 */
export async function isOperatorKey(token: string, apiKey: string | undefined): Promise<boolean> {
  const [given, kept] = await Promise.all([digest(token), digest(apiKey ?? '')]);
  return crypto.subtle.timingSafeEqual(given, kept) && apiKey !== undefined;
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
}
