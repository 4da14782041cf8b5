/** settled.md: two tries to read a mail that came in, then it is told as far as it is known. */
export const MAX_TRIES = 2;

/**
 * Readings that ended without a word: with their process, or with their lease. Mostly that is no fault of the mail, which was
 * only claimed at that moment; but one that takes the whole process along must not do so for ever.
 */
export const MAX_CRASHES = 8;

/** Milliseconds for which storage may fail to give the bytes of a mail: longer than an outage, and a broken disk stays broken. */
export const MAX_UNREADABLE_MS = 24 * 3_600_000;
