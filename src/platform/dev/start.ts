import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Circle, openCatchAll } from '../node/catch-all.ts';
import { readWorkerSettings, SETTING_NAMES, wrongSettings } from '../workers/settings.ts';
import { openCircle } from './circle.ts';
import { keptSecrets } from './secrets.ts';
import { spawnWrangler } from './wrangler.ts';

/**
 * `npm run dev`: the Worker in workerd on this machine, and beside it the catch-all listener when there is no RELAY_URL.
 * The settings are those of `npm start`.
 */
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const LOOK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 2_000;
const UP_WITHIN_MS = 60_000;

const env = process.env;
const host = env['HOST'] ?? '127.0.0.1';
const port = Number(env['PORT'] ?? 3025);
const data = resolve(env['DATA_DIR'] ?? 'data');
const state = join(data, 'workers');
const url = `http://${host}:${port}`;

await mkdir(state, { recursive: true });
const secrets = await keptSecrets(state);
// Mail can come back once the settings are read, which name the port of the catch-all.
let circle: Circle | null = null;
const catchAll =
  env['RELAY_URL'] === undefined
    ? await openCatchAll({
        folder: join(data, 'caught'),
        account: '',
        clock: Date.now,
        newId: () => crypto.randomUUID(),
        circle: () => circle,
        log: ({ event, cause }) => console.error(event, cause),
      })
    : null;

const settings: Record<string, string> = {
  API_KEY: secrets.apiKey,
  SECRET_KEY: secrets.secretKey,
  PUBLIC_URL: url,
  ...(catchAll === null ? {} : { CATCH_ALL_PORT: String(catchAll.port) }),
};
for (const name of SETTING_NAMES) {
  const value = env[name];
  if (value !== undefined) settings[name] = value;
}

const read = readWorkerSettings(settings);
if (!read.ok) {
  console.error(wrongSettings(read.problems));
  process.exit(1);
}

circle = openCircle({
  // A listener on every address is reached through loopback.
  url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host === '::' || host === '[::]' ? '[::1]' : host}:${port}`,
  receivingDomains: read.settings.receivingDomains,
  returnPathDomain: read.settings.RETURN_PATH_DOMAIN ?? null,
  maxBytes: read.settings.INBOUND_MAX_BYTES,
  fetch,
});

const emptyFile = join(state, 'empty.env');
await writeFile(emptyFile, '');
const worker = spawnWrangler({ root: ROOT, host, port, state, emptyFile, settings, surroundings: env });
let stopping = false;
const stop = (): void => {
  stopping = true;
  worker.kill('SIGTERM');
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
const ended = once(worker, 'exit');

if (await isUp()) {
  const mail =
    '{"from":"You <you@example.com>","to":"friend@example.com","subject":"Hello","text":"It works."}';
  console.log(`Mailwright (Workers) listens on ${url}
API key of the account "default": ${settings['API_KEY']}
${catchAll === null ? '' : `No RELAY_URL: mail comes back as received mail, and is kept as .eml in ${catchAll.folder}\n`}Try it:

curl ${url}/emails -H 'Authorization: Bearer ${settings['API_KEY']}' -d '${mail}'
`);
}
const [code] = await ended;
await catchAll?.close(0);
process.exit(stopping ? 0 : Number(code ?? 1));

/** Asks until the Worker answers. False when it ended instead. */
async function isUp(): Promise<boolean> {
  const until = Date.now() + UP_WITHIN_MS;
  while (worker.exitCode === null && Date.now() < until) {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch(
      () => null,
    );
    if (answer !== null) {
      await answer.body?.cancel();
      return true;
    }
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  return false;
}
