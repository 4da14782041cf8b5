/** settled.md: two tries to read a mail that came in, then it is told as far as it is known. */
export const MAX_TRIES = 2;
