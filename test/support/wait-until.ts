const LOOK_EVERY_MS = 10;

/** Waits for what another process brings about. @throws when it is not so in time. */
export async function waitUntil(
  isSo: () => boolean | Promise<boolean>,
  { withinMs, what }: { readonly withinMs: number; readonly what: string },
): Promise<void> {
  if (!(await soon(isSo, withinMs))) throw new Error(`Not within ${withinMs / 1000} s: ${what}`);
}

/** Whether it came to be so in time. */
export async function soon(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const since = performance.now();
  while (!(await isSo())) {
    if (performance.now() - since > withinMs) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

/** None for what is over already. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
