/** A message may hold paths, hosts and whatever the other side wrote; a code holds nothing of the kind. */
const CODE = /^[A-Za-z][\w-]{0,63}$/;

/** A chain of causes longer than this is a circle. */
const MAX_DEPTH = 8;

/**
 * Why a store failed, for the log: the innermost word for it, the store's own (`NoSuchBucket`) or the system's (`ENOSPC`,
 * `ECONNREFUSED`), without hosts and names.
 */
export function reasonOf(cause: unknown): string {
  let reason = 'unknown';
  for (let [at, depth] = [cause, 0]; at instanceof Error && depth < MAX_DEPTH; at = at.cause, depth += 1) {
    reason = [codeOf(at), at.name].find((word) => CODE.test(word)) ?? reason;
  }
  return reason;
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
