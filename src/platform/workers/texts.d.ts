/** Text modules of wrangler.toml's rules. */
declare module '*.yaml' {
  const text: string;
  export default text;
}
declare module '*.json.txt' {
  const text: string;
  export default text;
}
