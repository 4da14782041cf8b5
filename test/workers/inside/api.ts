import { exports } from 'cloudflare:workers';
import { inject } from 'vitest';

interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Calls the Worker as a client does. */
export async function call(
  method: string,
  path: string,
  body?: unknown,
  token: string = inject('settings')['API_KEY'] ?? '',
): Promise<Called> {
  const response = await exports.default.fetch(
    new Request(`https://mail.test${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Called['body'] };
}

/** Sends one mail and answers its id. */
export async function send(
  to: string,
  change: Record<string, unknown> = {},
  token?: string,
): Promise<string> {
  const mail = { from: 'me@mine.example', to, subject: to, text: 'Hello', ...change };
  const { status, body } = await call('POST', '/emails', mail, token);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return String(body['id']);
}
