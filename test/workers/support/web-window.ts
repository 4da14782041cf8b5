import { inject, type ProvidedContext } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    web: {
      readonly port: number;
      readonly window: string;
      readonly secure: {
        readonly good: number;
        readonly wrongHost: number;
        readonly unknownAuthority: number;
      };
    };
  }
}

export const web = (): Pick<ProvidedContext['web'], 'port' | 'secure'> => inject('web');

/** Asks the process that has the web server; see `web.ts`. */
export async function look<T>(path: string): Promise<T> {
  const answer = await fetch(inject('web').window + path);
  return (await answer.json()) as T;
}
