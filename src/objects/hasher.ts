/** SHA-256 over what comes. Handed in by the host: the runtimes' common crypto hashes only what lies in memory as a whole. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** Lower-case hex. */
  digest(): string | Promise<string>;
}
