/**
 * Where reading a mail stops (threats section 7). A mail that breaks one of these is no error: what was found is the answer,
 * and it says that something was left out. Each number is far above what honest mail holds, but for `lines`, see there.
 */

/** A mail without end. The door that took it in has its own, lower limit (INBOUND_MAX_BYTES). */
export const MAX_RAW_BYTES = 64 * 1024 * 1024;
/** A header without a blank line; one field of 5 MB; 500,000 folds. Counted for the mail and for each part. */
export const MAX_HEADER_BYTES = 256 * 1024;
/** 200,000 header fields. */
export const MAX_HEADER_FIELDS = 1_000;
/** A multipart in a multipart, 10,000 deep: what lies deeper is a file, not parts. */
export const MAX_DEPTH = 64;
/** 300,000 empty parts in 1.5 MB: each would be a row and an object. Enclosed mail is never opened, so its parts do not count. */
export const MAX_PARTS = 1_000;
/** A file of line ends. 25 MiB of base64 in lines of 76 characters is about 340,000. */
export const MAX_LINES = 500_000;
/** Line ends in text that is not encoded: 5 MB of LF are no letter. What text there is up to here is kept. */
export const MAX_TEXT_LINES = 50_000;
/** A line of 20 MB in text that is not encoded: the rest of the line is left out. */
export const MAX_LINE_BYTES = 1024 * 1024;
/** Decoded text of a mail in all, plain and HTML. It is held in memory, twice while its charset is decoded. */
export const MAX_TEXT_BYTES = 5 * 1024 * 1024;
/** A boundary of 100 KB: RFC 2046 §5.1.1 allows 70. No line longer than this is held to see whether it is one. */
export const MAX_BOUNDARY_BYTES = 8_192;
/** 1,000,000 semicolons, 200,000 parameters, 100,000 continuations (RFC 2231 §3), in one field. */
export const MAX_PARAMETERS = 100;
/** A field of 256 KiB holds 60,000 addresses. */
export const MAX_ADDRESSES = 1_000;
/** `References` of 200,000 identifiers. The first names the thread, the last the parents: the middle is left out. */
export const MAX_REFERENCES = 200;
/** A delivery report with 100,000 recipients. */
export const MAX_REPORT_BYTES = 256 * 1024;
/** Report parts that are kept as text; each of them is a file too. */
export const MAX_REPORT_PARTS = 8;
/** Longer than any date: a date of 1 MB of digits is none. */
export const MAX_DATE_CHARACTERS = 256;
/** What stands before the first part of a multipart, in case there is none. */
export const MAX_PREAMBLE_BYTES = 256 * 1024;
