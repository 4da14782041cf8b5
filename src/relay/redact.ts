import type { Reply } from './reply.ts';

/** Shorter than that, a password's letters would be blotted out of every other word. */
const SHORTEST_PLAIN = 4;

/**
 * Takes our credentials out of a reply. Servers are seen that repeat the line they did not understand, and the line was
 * AUTH: what they said is stored and shown on the relay.
 */
export function withoutCredentials(
  reply: Reply,
  { user, pass }: { readonly user: string; readonly pass: string },
): Reply {
  const secrets = [
    base64(`\0${user}\0${pass}`),
    base64(pass),
    ...(pass.length >= SHORTEST_PLAIN ? [pass] : []),
  ];
  const text = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), reply.text);
  return { ...reply, text };
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
