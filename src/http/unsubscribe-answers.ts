import type { Refusal } from '../../schemas/error.ts';
import { notFound } from '../../schemas/refusal.ts';
import type { Async, Mailroom } from '../mailroom/mailroom.ts';
import type { Outgoing } from './answer.ts';
import { RequestBody } from './body.ts';
import type { Parts } from './parts.ts';
import { readUnsubscribe, type UnsubscribeClaims } from './unsubscribe.ts';
import { askingPage, donePage, pageHeaders } from './unsubscribe-page.ts';

/** The form is 26 bytes; as multipart, with a generous boundary, a few hundred. */
const MAX_FORM_BYTES = 4 * 1024;

interface Call {
  readonly parts: Parts;
  readonly now: number;
}

/** `GET /unsubscribe/{token}`: asks, and changes nothing. Scanners and link previews follow every link of a mail. */
export async function askUnsubscribe(token: string, call: Call): Promise<Outgoing> {
  const found = await find(token, call);
  if (found === null) return { refusal: notFound('Link') };
  return { status: 200, bytes: askingPage(found.address), headers: await pageHeaders() };
}

/** `POST /unsubscribe/{token}` (RFC 8058 §3.2): the address is on the list before the answer goes out. */
export async function unsubscribe(
  token: string,
  call: Call & { readonly request: Request },
): Promise<Outgoing> {
  const found = await find(token, call);
  if (found === null) return { refusal: notFound('Link') };
  if (!(await isOneClick(call.request))) return { refusal: noForm() };
  const { account, address, room } = found;
  const { parts, now } = call;
  await room.unsubscribe({ id: parts.newId(), address, now });
  parts.wake(account);
  return { status: 200, bytes: donePage(address), headers: await pageHeaders() };
}

async function find(
  token: string,
  { parts, now }: Call,
): Promise<(UnsubscribeClaims & { readonly room: Async<Mailroom> }) | null> {
  const claims = await readUnsubscribe(parts.tickets.unsubscribe, token, now);
  const room = claims === null ? null : await parts.account(claims.account);
  return claims === null || room === null ? null : { ...claims, room };
}

/** Exactly that pair and nothing else: whatever else is posted here was not meant by a person. */
async function isOneClick(request: Request): Promise<boolean> {
  const type = request.headers.get('content-type')?.toLowerCase() ?? '';
  const read = await new RequestBody(request, MAX_FORM_BYTES).finish();
  if (read.kind === 'refused') return false;
  const pairs = type.startsWith('multipart/form-data')
    ? await multipartPairs(read.bytes, request.headers)
    : type.startsWith('application/x-www-form-urlencoded')
      ? [...new URLSearchParams(new TextDecoder().decode(read.bytes).trim())]
      : [];
  const [pair, ...others] = pairs;
  return pair?.[0] === 'List-Unsubscribe' && pair[1] === 'One-Click' && others.length === 0;
}

/** Empty for what is no such form. */
async function multipartPairs(
  bytes: Uint8Array<ArrayBuffer>,
  headers: Headers,
): Promise<readonly (readonly [string, unknown])[]> {
  const type = headers.get('content-type') ?? '';
  try {
    return [...(await new Response(bytes, { headers: { 'content-type': type } }).formData())];
  } catch {
    return [];
  }
}

function noForm(): Refusal {
  return { code: 'malformed_body', message: 'Exactly `List-Unsubscribe=One-Click` is expected, as a form.' };
}
