declare module 'punycode/punycode.js' {
  const punycode: {
    /** The text behind one label, without its `xn--`. Throws RangeError where there is none. */
    decode(label: string): string;
  };
  // biome-ignore lint/style/noDefaultExport: this is how the package exports
  export default punycode;
}
