/** Why a target was missed, for those that were. Shown only where the record says so. */
export const MISSED: readonly { readonly of: RegExp; readonly because: string }[] = [
  {
    of: /^accept: single, 1 kB/,
    because:
      'of a small mail the parts that the floor leaves out are the larger part: key and rate, the address rules, four rows with their indexes instead of one, and the look for what is due.',
  },
  {
    of: /^accept: batch.*share of the floor/,
    because:
      'in a batch nothing is left of the request, and a mail costs what the room writes for it: a mail, a body, a recipient and an event with eleven indexes, where the floor writes one row.',
  },
  {
    of: /^accept: a mail in a batch/,
    because:
      'single requests share their commits with those beside them already, and have become cheaper; what is left of a mail in a batch is validation and what the room writes, the same for both.',
  },
  {
    of: /^relay: /,
    because:
      'between the 354 and the dot a connection waits for the disk, which the pool never does; on a machine whose disk or cores are busy that wait is the larger part.',
  },
  {
    of: /^end-to-end: over the durable queue/,
    because:
      'the same process validates, keeps events and per-recipient states, and holds each final dot until its phase is on the disk; the prototype behind the target did none of that.',
  },
  {
    of: /^end-to-end: over Express/,
    because:
      'Express answers after SMTP and writes nothing down: there is one write to the disk less for the answer, two less for the dot and the outcome, and nothing to read back.',
  },
  {
    of: /^workers: weight/,
    because:
      'the S3 driver is 102 KiB of it, in every Worker since settings are not known when it is built (decision 0054); the reader of HTML, Zod and the reader of dates are the next. Without the driver it would be about 305 KiB.',
  },
];
