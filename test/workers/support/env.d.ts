declare namespace Cloudflare {
  interface Env extends WorkerEnv {}
}
type WorkerEnv = import('../../../src/platform/workers/env.ts').Env;
