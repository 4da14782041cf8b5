/**
 * In the place of the package of this name, which prints a DOM as HTML and brings two tables of entities for it: 30 KiB of the
 * Worker. Html-to-text reads HTML and prints none.
 */
export function render(): never {
  throw new Error('No DOM is printed here');
}

// biome-ignore lint/style/noDefaultExport: the form of the package
export default render;
