/** One call to the API; a process that is gone is noticed at once, one that hangs after this. */
const ANSWER_WITHIN_MS = 20_000;

export interface Answered {
  readonly status: number;
  /** As it came. */
  readonly text: string;
}

export interface Call {
  readonly url: string;
  readonly key: string;
  /** A POST when there is one, JSON already. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The whole answer; null when there was none, because the process died. */
export async function call({ url, key, body, headers = {} }: Call): Promise<Answered | null> {
  try {
    const answer = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, ...headers },
      body: body ?? null,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return null;
  }
}

/** @throws when it is not answered by 200. */
export async function read<Body>(one: Call): Promise<Body> {
  const answer = await call(one);
  if (answer?.status !== 200) throw new Error(`${one.url}: ${answer?.status} ${answer?.text}`);
  return JSON.parse(answer.text);
}

/** Every item of a list, page by page. */
export async function readAll<Item extends { readonly id: string }>(one: Call): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (;;) {
    const last = items.at(-1);
    const url = `${one.url}?limit=100${last === undefined ? '' : `&after=${last.id}`}`;
    const page = await read<{ readonly has_more: boolean; readonly data: readonly Item[] }>({ ...one, url });
    items.push(...page.data);
    if (!page.has_more) return items;
  }
}
