// Text modules of wrangler.toml's rules.

declare module '*.yaml' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: what the bundler makes of a text.
  export default text;
}
declare module '*.json.txt' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: what the bundler makes of a text.
  export default text;
}
