import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The options of Node that `npm start` gives, and the module that it starts: whoever starts the service starts it so. */
export const START_LINE: readonly string[] = startLine();

function startLine(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [how, node, ...line]: readonly string[] = scripts.start.split(' ');
  if (how !== 'exec' || node !== 'node' || line.at(-1) !== 'src/node.ts')
    throw new Error(`npm start is not of the form that is known: ${scripts.start}`);
  return line;
}
