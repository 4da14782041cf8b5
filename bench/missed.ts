/** Why a target was missed, for those that were. Shown only where the record says so. */
export const MISSED: readonly { readonly of: RegExp; readonly because: string }[] = [
  {
    of: /^accept: single, 1 kB/,
    because:
      'of a small mail the parts that the floor leaves out are the larger part: key and rate, the address rules, four rows with their indexes instead of one, and a commit of some forty pages for sixteen mails, because the other connections gather while it is on its way to the disk.',
  },
  {
    of: /^accept: batch.*share of the floor/,
    because:
      'in a batch nothing is left of the request, and a mail costs what the room writes for it: a mail, a body, a recipient and an event with eleven indexes, where the floor writes one row.',
  },
  {
    of: /^accept: a mail in a batch/,
    because:
      'single requests share their commits already, sixteen of 32 connections in one; half of what a mail in a batch costs is what SQLite does for its four rows and their indexes, and a single one costs that too.',
  },
  {
    of: /^relay: /,
    because:
      'between the 354 and the dot a connection waits for the disk, which the pool never does: a tenth of the time nobody has anything to do. Two groups on their way to the disk at once halve that, and cost as much in more and smaller commits.',
  },
  {
    of: /^end-to-end: over the durable queue/,
    because:
      'the same process validates, keeps events and per-recipient states, and holds each final dot until its phase is on the disk; the prototype behind the target did none of that.',
  },
  {
    of: /^end-to-end: p99/,
    because:
      'twenty requests wait for one thread, and the room and the checks take more of it for each than the queue, which checks nothing and stores one row. Held against a run in which no mail was claimed while requests came: the p99 of the thread between a request and its answer was 8 to 9 ms instead of 9 to 10, so that relaying is a tenth of it.',
  },
  {
    of: /^end-to-end: over Express/,
    because:
      'Express answers after SMTP and writes nothing down: there is one write to the disk less for the answer, two less for the dot and the outcome, and nothing to read back.',
  },
  {
    of: /^memory: workerd/,
    because:
      'nearly all of it is memory that nobody holds any more and that the runtime has not collected yet: it hardly grows with the file (decision 0054).',
  },
  {
    of: /^parsing: 0\.8 kB/,
    because:
      'of so small a mail little is left to be faster at: limits, addresses and dates are looked at that the bare parser leaves as they came.',
  },
  {
    of: /^workers: accepting/,
    because:
      'a quarter of the time is what SQLite does for four rows with their indexes where the bare Worker writes one, a tenth the look for what is due; the rest is the request, held against the contract, on both sides of one remote call.',
  },
];
