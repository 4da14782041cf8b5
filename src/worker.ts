import { refuse } from './http/answer.ts';
import { workerApi } from './platform/workers/api.ts';
import { receiveEmail } from './platform/workers/email.ts';
import type { Env } from './platform/workers/env.ts';
import { Mailroom } from './platform/workers/mailroom-object.ts';
import { Notifier } from './platform/workers/notifier-object.ts';
import { Reader } from './platform/workers/reader-object.ts';
import { Relay } from './platform/workers/relay-object.ts';
import { readOnce, settingsOf, wrongSettings } from './platform/workers/settings.ts';

/** How long a caller waits before asking again while the operator corrects the settings. */
const RETRY_AFTER_SECONDS = 60;

const apis = new WeakMap<Env, (request: Request) => Promise<Response>>();

/** The front door of the Worker. */
const worker = {
  async fetch(request, env) {
    const known = apis.get(env);
    if (known !== undefined) return known(request);
    const read = readOnce(env);
    // Names of settings and what is expected of them; never a value.
    if (!read.ok) return misconfigured(wrongSettings(read.problems));
    const api = workerApi({ env, settings: read.settings });
    apis.set(env, api);
    return api(request);
  },

  /** With wrong settings it throws, and the sending server comes again when they have been corrected. */
  async email(message, env) {
    await receiveEmail({ env, settings: settingsOf(env) }, message);
  },
} satisfies ExportedHandler<Env>;

function misconfigured(message: string): Response {
  console.error(message);
  return refuse({ code: 'unavailable', message, retryAfterSeconds: RETRY_AFTER_SECONDS }, {});
}

// The runtime finds the handler as the default export, and the objects by the names in wrangler.toml.
// biome-ignore lint/style/noDefaultExport: the runtime's own convention.
export { Mailroom, Notifier, Reader, Relay, worker as default };
