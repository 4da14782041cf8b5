import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** What a room may take: values, and types alone. Entries are rooms or single files. */
interface Doors {
  readonly values: readonly string[];
  readonly types?: readonly string[];
  /** Bare packages by file, or for the whole room under `*`. */
  readonly packages?: Readonly<Record<string, readonly string[]>>;
  /** Files that may use what only one host has; `*` for the whole room. */
  readonly node?: readonly string[];
  readonly cloudflare?: readonly string[];
}

const CARRIED = ['schemas', 'src/mailroom', 'src/mime', 'src/relay', 'src/objects', 'src/net', 'src/secrets'];

/** The plan of the house: which room knows which. A room that is not here may not exist. */
const PLAN: Readonly<Record<string, Doors>> = {
  schemas: { values: [], packages: { '*': ['zod'], 'openapi.ts': ['zod-openapi', 'yaml'] } },
  'src/net': { values: [] },
  // What the reader of received mail found is told to the room in the reader's own words.
  'src/mailroom': { values: ['schemas'], types: ['src/mime'] },
  'src/mime': {
    values: ['schemas'],
    packages: { '*': ['punycode', 'html-to-text'] },
  },
  'src/secrets': { values: [] },
  'src/objects': {
    values: [],
    packages: { '*': ['@aws-sdk/client-s3', '@aws-sdk/s3-request-presigner'] },
  },
  'src/relay': {
    values: ['schemas'],
    packages: { 'smtp.ts': ['nodemailer'] },
    node: ['smtp.ts'],
  },
  // The loop over what is due, which clerk and inbound share: they know nothing of each other.
  'src/due': { values: [], types: ['src/objects'] },
  'src/clerk': {
    values: ['schemas', 'src/mime', 'src/relay', 'src/objects', 'src/net', 'src/secrets', 'src/due'],
    types: ['src/mailroom'],
  },
  'src/inbound': {
    values: [
      'schemas',
      'src/mailroom/reading-tries.ts',
      'src/mailroom/shown-mailbox.ts',
      'src/mime',
      'src/objects',
      'src/net',
      'src/secrets',
      'src/due',
    ],
    types: ['src/mailroom'],
    packages: { 'stripped-text.ts': ['email-reply-parser'] },
  },
  // The pure files of `mime` (addresses, header policy) decide what a request may hold; composing is handed in. Five pure
  // files of the mailroom say what its room will say: the form of a key, whose domain a sender may use, a batch's paths, how
  // a mailbox of a received mail is written, what a route is about.
  'src/http': {
    values: [
      'schemas',
      'src/objects',
      'src/mime',
      'src/secrets',
      'src/mailroom/key-format.ts',
      'src/mailroom/sender.ts',
      'src/mailroom/answer.ts',
      'src/mailroom/shown-mailbox.ts',
      'src/mailroom/match-route.ts',
      // Why a caller's URL is refused, in words; and how a body that broke off is told from a defect.
      'src/net/failure-text.ts',
      'src/net/egress.ts',
    ],
    // Where mail that comes in goes is handed in.
    types: ['src/mailroom', 'src/net', 'src/inbound'],
    packages: { '*': ['hono', 'zod'], 'schedule.ts': ['chrono-node'] },
  },
  // What the operator says and is told; the same on both hosts.
  'src/operator': {
    values: ['src/mime', 'src/net', 'src/relay'],
    types: ['src/http', 'src/objects'],
    packages: { '*': ['zod'] },
  },
  'src/platform/node': {
    values: [...CARRIED, 'src/due', 'src/clerk', 'src/inbound', 'src/http', 'src/operator'],
    packages: {
      '*': ['hono', '@hono/node-server', 'smtp-server', 'zod', 'nodemailer', 'yaml'],
      'authentication.ts': ['mailauth'],
    },
    node: ['*'],
  },
  // Workers speak some of `node:` too (`nodejs_compat`).
  'src/platform/workers': {
    values: [...CARRIED, 'src/due', 'src/clerk', 'src/inbound', 'src/http', 'src/operator'],
    packages: {
      '*': ['hono', 'zod', 'nodemailer'],
      's3-bucket.ts': ['@aws-sdk/xml-builder'],
      's3-door.ts': ['@aws-sdk/xml-builder', '@smithy/signature-v4'],
    },
    node: ['*'],
    cloudflare: ['*'],
  },
  // Runs the Worker on this machine; no part of what is deployed.
  'src/platform/dev': {
    values: [...CARRIED, 'src/operator', 'src/platform/node', 'src/platform/workers'],
    packages: { '*': ['yaml', 'wrangler'] },
    node: ['*'],
  },
  'src/node.ts': {
    values: [
      ...CARRIED,
      'src/due',
      'src/clerk',
      'src/inbound',
      'src/http',
      'src/operator',
      'src/platform/node',
    ],
    packages: { '*': ['hono', '@hono/node-server', 'smtp-server', 'zod', 'nodemailer'] },
    node: ['*'],
  },
  'src/worker.ts': {
    values: [
      ...CARRIED,
      'src/due',
      'src/clerk',
      'src/inbound',
      'src/http',
      'src/operator',
      'src/platform/workers',
    ],
    packages: { '*': ['hono'] },
    cloudflare: ['*'],
  },
};

/** Texts that a bundler puts into a front door, beside the modules. */
const DOCUMENTS = /(?:^|\/)openapi\.(?:yaml|json\.txt)$/;

/** Handed in by the front door, so that every other file of a portable room can prove that it is portable. */
const HANDED_IN = new Set(['src/mime/compose.ts', 'src/relay/smtp.ts']);

/** Where a host begins: there, and nowhere else, time, chance, environment and network are what they are. */
const HOST = /^src\/(?:platform\/|node\.ts$|worker\.ts$)/;

interface Source {
  readonly path: string;
  readonly tree: ts.SourceFile;
}

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const sources: readonly Source[] = globSync('{schemas,src}/**/*.ts', { cwd: ROOT })
  .filter((path) => !path.endsWith('.d.ts'))
  .toSorted()
  .map((path) => ({
    path,
    tree: ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest, true),
  }));

function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesOf(child);
}

/** Every way to name another file: import, export … from, `import()`, `import('…').T`. */
function importsOf({ path, tree }: Source): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (specifier === undefined) return;
    if (!ts.isStringLiteral(specifier)) throw new Error(`${path}: an import that cannot be read`);
    found.push({ from: path, specifier: specifier.text, typeOnly });
  };
  for (const node of nodesOf(tree)) {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const names = clause?.namedBindings;
      const allTypes =
        names !== undefined &&
        ts.isNamedImports(names) &&
        clause?.name === undefined &&
        names.elements.length > 0 &&
        names.elements.every(({ isTypeOnly }) => isTypeOnly);
      add(node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || allTypes);
    } else if (ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
  }
  return found;
}

const imports = sources.flatMap(importsOf);
const local = imports.filter(
  ({ from, specifier }) => specifier.startsWith('.') && !(HOST.test(from) && DOCUMENTS.test(specifier)),
);
const bare = imports.filter(({ specifier }) => !specifier.startsWith('.'));

function targetOf({ from, specifier }: Import): string {
  return normalize(join(dirname(from), specifier));
}

/** The room a file stands in: a front door is a room of its own. */
function roomOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] === 'schemas') return 'schemas';
  return parts[1] === 'platform' ? parts.slice(0, 3).join('/') : parts.slice(0, 2).join('/');
}

function doorsOf(path: string): Doors {
  return PLAN[roomOf(path)] ?? { values: [] };
}

/** The path of a file inside its room. */
function insideRoom(path: string): string {
  return path === roomOf(path) ? path : path.slice(roomOf(path).length + 1);
}

function listed(list: readonly string[] | undefined, path: string): boolean {
  return list?.some((entry) => entry === '*' || entry === insideRoom(path)) ?? false;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

test('there are files to look at, in every room of the portable half', () => {
  const rooms = new Set(sources.map(({ path }) => roomOf(path)));
  for (const room of [
    'schemas',
    'src/http',
    'src/mailroom',
    'src/mime',
    'src/relay',
    'src/clerk',
    'src/objects',
  ]) {
    expect(rooms).toContain(room);
  }
  expect(local.length).toBeGreaterThan(100);
});

test('no room exists that is not on the plan', () => {
  expect([...new Set(sources.map(({ path }) => roomOf(path)))].filter((room) => !(room in PLAN))).toEqual([]);
});

test('a room imports only through the doors on the plan', () => {
  const wrong = local.filter((edge) => {
    const target = targetOf(edge);
    const doors = doorsOf(edge.from);
    const open = [roomOf(edge.from), ...doors.values, ...(edge.typeOnly ? (doors.types ?? []) : [])];
    return !open.includes(roomOf(target)) && !open.includes(target);
  });
  expect(wrong.map((edge) => `${edge.from} -> ${targetOf(edge)}${edge.typeOnly ? ' (type)' : ''}`)).toEqual(
    [],
  );
});

test('what is shaped by one host is handed in and never imported by a portable room', () => {
  const wrong = local.filter((edge) => HANDED_IN.has(targetOf(edge)) && !HOST.test(edge.from));
  expect(wrong.map((edge) => `${edge.from} -> ${targetOf(edge)}`)).toEqual([]);
});

test('every local import ends in .ts and names a file that is there', () => {
  const files = new Set(globSync('{schemas,src}/**/*.ts', { cwd: ROOT }));
  const lost = local.filter((edge) => !files.has(targetOf(edge)));
  expect(lost.map((edge) => `${edge.from} -> ${edge.specifier}`)).toEqual([]);
});

test('bare packages are used only where the plan has them', () => {
  const wrong = bare.filter(({ from, specifier }) => {
    const doors = doorsOf(from);
    if (specifier.startsWith('node:')) return !listed(doors.node, from);
    if (specifier.startsWith('cloudflare:')) return !listed(doors.cloudflare, from);
    if (builtinModules.includes(specifier)) return true; // written without `node:`
    const packages = [...(doors.packages?.['*'] ?? []), ...(doors.packages?.[insideRoom(from)] ?? [])];
    return !packages.includes(packageOf(specifier));
  });
  expect(wrong.map(({ from, specifier }) => `${from} -> ${specifier}`)).toEqual([]);
});

/** Every circle in a graph, each once, as `a -> b -> a`. */
function circles(edges: readonly (readonly [from: string, to: string])[]): readonly string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of edges) next.set(from, (next.get(from) ?? new Set()).add(to));
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (place: string, way: readonly string[]) => {
    const start = way.indexOf(place);
    if (start !== -1) found.push([...way.slice(start), place].join(' -> '));
    if (start !== -1 || done.has(place)) return;
    for (const to of next.get(place) ?? []) walk(to, [...way, place]);
    done.add(place);
  };
  for (const place of next.keys()) walk(place, []);
  return found;
}

test('a circle is found where there is one', () => {
  expect(
    circles([
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
    ]),
  ).toEqual(['b -> c -> b']);
});

test('no files import each other in a circle', () => {
  expect(
    circles(local.filter(({ typeOnly }) => !typeOnly).map((edge) => [edge.from, targetOf(edge)])),
  ).toEqual([]);
});

test('no rooms know each other in a circle', () => {
  const edges = local
    .filter(({ typeOnly }) => !typeOnly)
    .map((edge) => [roomOf(edge.from), roomOf(targetOf(edge))] as const)
    .filter(([from, to]) => from !== to);
  expect(circles(edges)).toEqual([]);
});

test('no file only passes on what other files define', () => {
  // The Worker's front door must show the runtime the classes of its objects.
  const barrels = sources.filter(
    ({ path, tree }) => path !== 'src/worker.ts' && tree.statements.some(ts.isExportDeclaration),
  );
  expect(barrels.map(({ path }) => path)).toEqual([]);
});

/** The code of a file without its comments: they may name what the code must not do. */
function codeOf({ tree }: Source): string {
  const tokens: string[] = [];
  for (const node of nodesOf(tree)) if (node.getChildCount() === 0) tokens.push(node.getText());
  return tokens.join(' ').replaceAll(' . ', '.').replaceAll(' ( ', '(').replaceAll(' : ', ':');
}

const code = sources.map((source) => [source.path, codeOf(source)] as const);

interface Spelling {
  readonly what: string;
  readonly pattern: RegExp;
  /** Where it is at home; nowhere when absent. */
  readonly home?: RegExp;
}

const FORBIDDEN: readonly Spelling[] = [
  { what: 'rejectUnauthorized: false', pattern: /rejectUnauthorized['"]?:\s*(?!true\b)/ },
  { what: 'ignoreTLS', pattern: /ignoreTLS/ },
  { what: 'opportunisticTLS', pattern: /opportunisticTLS/ },
  { what: 'NODE_TLS_REJECT_UNAUTHORIZED', pattern: /NODE_TLS_REJECT_UNAUTHORIZED/ },
  { what: 'Date.now', pattern: /\bDate\.now\b|\bnew Date\(\s*\)/, home: HOST },
  { what: 'performance.now', pattern: /\bperformance\.now\b/, home: HOST },
  { what: 'Math.random', pattern: /\bMath\.random\b/, home: HOST },
  { what: 'process.env', pattern: /\bprocess\.env\b/, home: HOST },
  {
    what: 'fetch',
    pattern: /(?<![.\w]|async )fetch\(|\bglobalThis\.fetch\b/,
    home: /^src\/(?:net|platform)\//,
  },
  { what: 'setTimeout', pattern: /(?<![.\w])set(?:Timeout|Interval|Immediate)\(/, home: HOST },
  { what: 'eval', pattern: /(?<![.\w])eval\(|\bnew Function\(/ },
];

describe('threats §14 r8: what weakens TLS, and what only a host may touch, is spelled nowhere else', () => {
  test.each(FORBIDDEN)('$what', ({ pattern, home }) => {
    const found = code.filter(([path, text]) => home?.test(path) !== true && pattern.test(text));
    expect(found.map(([path]) => path)).toEqual([]);
  });

  test.each([
    ['tls: { rejectUnauthorized: false }', 'rejectUnauthorized: false'],
    ['tls: { "rejectUnauthorized": insecure }', 'rejectUnauthorized: false'],
    ['const at = Date.now();', 'Date.now'],
    ['await fetch(url)', 'fetch'],
  ])('%s would be found', (text, what) => {
    const tree = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
    expect(
      FORBIDDEN.find((spelling) => spelling.what === what)?.pattern.test(codeOf({ path: 'x.ts', tree })),
    ).toBe(true);
  });
});

const SECRET = /(?:signature|hmac|hash|secret|password)$/i;

/** `===` stops at the first byte that differs, and the time it takes tells where that was. */
function secretComparisons({ path, tree }: Source): readonly string[] {
  return [...nodesOf(tree)].flatMap((node) => {
    if (!ts.isBinaryExpression(node) || !/^[!=]==?$/.test(node.operatorToken.getText())) return [];
    const sides = [node.left, node.right];
    const literal = sides.some(
      (side) => ts.isLiteralExpression(side) || /^(?:null|undefined)$/.test(side.getText()),
    );
    const secret = sides.some((side) => SECRET.test(side.getText()));
    return secret && !literal ? [`${path}: ${node.getText()}`] : [];
  });
}

test('threats §8 r10: no secret, signature or hash is compared with ===', () => {
  const tree = ts.createSourceFile('x.ts', 'if (row.hash === given) allow();', ts.ScriptTarget.Latest, true);
  expect(secretComparisons({ path: 'x.ts', tree })).toHaveLength(1);
  expect(sources.flatMap(secretComparisons)).toEqual([]);
});
