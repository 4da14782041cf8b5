import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');
const CLOSING = '<!-- /figures -->';

interface Figures<Run> {
  /** Of the page and of the record beside it: `NAME.md`, `NAME.json`. */
  readonly name: string;
  /** What makes the runs: `npm run COMMAND`. The record keeps them under this name. */
  readonly command: string;
  /** In the order in which the page shows them. */
  readonly parts: readonly string[];
  /** Markdown, with its last line end. */
  readonly print: (runs: readonly Run[]) => string;
}

/** A page with figures, and the runs that they are from: what is written by hand stays, the figures are printed between two marks. */
export class RecordedPage<Run extends { readonly part: string }> {
  readonly path: string;
  readonly #record: string;
  readonly #opening: string;
  readonly #figures: Figures<Run>;

  constructor(figures: Figures<Run>, folder = DOCS) {
    this.#figures = figures;
    this.path = join(folder, `${figures.name}.md`);
    this.#record = join(folder, `${figures.name}.json`);
    this.#opening = `<!-- figures: printed by \`npm run ${figures.command} -- --document\` -->\n`;
  }

  /** Keeps the runs and prints the page. A part that was not run again stays as it was. */
  async keep(runs: readonly Run[]): Promise<void> {
    const { command, parts } = this.#figures;
    const all = new Map([...(await this.#kept()), ...runs].map((run) => [run.part, run]));
    const inOrder = parts.flatMap((part) => all.get(part) ?? []);
    await writeFile(this.#record, `${JSON.stringify({ [command]: inOrder }, null, 2)}\n`);
    await this.write();
  }

  async write(): Promise<void> {
    await writeFile(this.path, await this.text());
  }

  /** The page as it should be. @throws when it has no place for the figures. */
  async text(): Promise<string> {
    const page = await readFile(this.path, 'utf8');
    const begin = page.indexOf(this.#opening);
    const end = page.indexOf(CLOSING, begin);
    if (begin === -1 || end === -1) throw new Error(`${this.path} has no place for the figures`);
    const figures = this.#figures.print(await this.#kept());
    return `${page.slice(0, begin)}${this.#opening}\n${figures}\n${page.slice(end)}`;
  }

  async #kept(): Promise<readonly Run[]> {
    return JSON.parse(await readFile(this.#record, 'utf8'))[this.#figures.command];
  }
}
