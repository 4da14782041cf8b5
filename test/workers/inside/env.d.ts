declare namespace Cloudflare {
  interface Env extends WorkerEnv {}
  interface GlobalProps {
    mainModule: typeof import('../../../src/worker.ts');
  }
}
type WorkerEnv = import('../../../src/platform/workers/env.ts').Env;
