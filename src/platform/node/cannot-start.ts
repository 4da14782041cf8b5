/** Why the process cannot start, in words for whoever started it. */
export class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

/** @param place where it was to listen, and the setting that names the port */
export function cannotListen(
  place: { readonly host: string; readonly port: number; readonly setting: string },
  cause: unknown,
): CannotStart {
  return new CannotStart(
    `Cannot listen on ${place.host} port ${place.port}: ${reasonOf(cause, place.setting)}`,
    {
      cause,
    },
  );
}

function reasonOf(cause: unknown, setting: string): string {
  if (cause instanceof Error && 'code' in cause) {
    if (cause.code === 'EADDRINUSE') return `the port is taken; choose another with ${setting}`;
    if (cause.code === 'EACCES') return `this port is not allowed; choose another with ${setting}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}
