/** When each account has to be looked at next. */
export class Agenda {
  readonly #dueAt = new Map<string, number>();
  /** Accounts in which something happened since their next moment was asked for. */
  readonly #unplanned = new Set<string>();

  disturb(account: string): void {
    this.#unplanned.add(account);
  }

  unplanned(): readonly string[] {
    return [...this.#unplanned];
  }

  dueAt(account: string): number | null {
    return this.#dueAt.get(account) ?? null;
  }

  plan(account: string, dueAt: number | null): void {
    this.#unplanned.delete(account);
    if (dueAt === null) this.#dueAt.delete(account);
    else this.#dueAt.set(account, dueAt);
  }

  /** Takes the accounts out whose moment has come. */
  takeDue(now: number): readonly string[] {
    const due = [...this.#dueAt].filter(([, at]) => at <= now).map(([account]) => account);
    for (const account of due) this.#dueAt.delete(account);
    return due;
  }

  earliest(): number | null {
    let earliest: number | null = null;
    for (const at of this.#dueAt.values()) if (earliest === null || at < earliest) earliest = at;
    return earliest;
  }
}
