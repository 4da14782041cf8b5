/** Lower-case hex SHA-256 of a text. Handed in by the host: what the runtimes have in common answers later, not at once. */
export type Digest = (text: string) => string;
