// Arrows point one way: every import of src stands in the table of arrows.ts, and every row of that table is used.

import { posix } from 'node:path';

import t from 'tap';

import { ARROWS, type Arrow } from './arrows.ts';
import { ADAPTERS, FENCES, PURE_FILES } from './fences.ts';
import { importsOf, sourceFiles, type ImportEdge } from './source-files.ts';

/** Who may make adapters, and sees the whole Config. */
const COMPOSITION_ROOT: ReadonlySet<string> = new Set([
  'gateway.ts',
  'gateway-operator.ts',
  'gateway-pages.ts',
  'gateway-recordings.ts',
  'gateway-signaling.ts',
  'gateway-synapse.ts',
  'gateway-tls.ts',
]);

/** Where src is entered: by the program, and by the generator of the files made from the config tree. */
const ENTRIES = ['main.ts', 'config/generate.ts', 'protocol/catalogue.ts'];

const files = sourceFiles('src/**/*.ts').map(({ path, text }) => ({
  path: path.replace(/^src\//, ''),
  text,
}));
const edges = files.flatMap((file) => importsOf(file));
const inner = edges.filter((edge) => !edge.isPackage);
const packages = edges.filter((edge) => edge.isPackage);

function name(edge: ImportEdge): string {
  return `${edge.from} -> ${edge.to}${edge.isTypeOnly ? ' (types)' : ` { ${edge.names.join(', ')} }`}`;
}

function allows(arrow: Arrow, edge: ImportEdge): boolean {
  if (!edge.from.startsWith(arrow.from) || !edge.to.startsWith(arrow.to)) return false;
  if (edge.isTypeOnly) return true;
  const { only } = arrow;
  return (
    arrow.carries === 'values' && (only === undefined || edge.names.every((value) => only.includes(value)))
  );
}

await t.test('the reader of imports understands every form that the sources use', async (t) => {
  const text = [
    "import { a, type B } from './x.ts';",
    "import type { C } from '../y/z.ts';",
    "import { type D } from 'pkg/deep';",
    "import e, { f } from '@scope/pkg/deep';",
    'import {\n  g,\n  h as i,\n} from "no";'.replaceAll('"', "'"),
    "import 'node:side';",
    "export * from './w.ts';",
    "// import { no } from 'comment';",
    "const j = await import('./k.ts');",
  ].join('\n');
  const read = importsOf({ path: 'http/here.ts', text }).map((edge) => name(edge));
  t.same(read, [
    'http/here.ts -> http/x.ts { a }',
    'http/here.ts -> y/z.ts (types)',
    'http/here.ts -> pkg (types)',
    'http/here.ts -> @scope/pkg { * }',
    'http/here.ts -> no { g, h }',
    'http/here.ts -> http/w.ts { * }',
    'http/here.ts -> node:side { * }',
    'http/here.ts -> http/k.ts { * }',
  ]);
  t.ok(inner.length > 100, `${inner.length} imports were read`);
});

await t.test('every import within src is allowed by the table', async (t) => {
  for (const edge of inner)
    t.ok(
      ARROWS.some((arrow) => allows(arrow, edge)),
      name(edge),
    );
});

await t.test('every row of the table is used, as a value if it carries values', async (t) => {
  for (const arrow of ARROWS) {
    const isUsed = inner.some(
      (edge) => allows(arrow, edge) && (arrow.carries === 'types' || !edge.isTypeOnly),
    );
    t.ok(isUsed, `${arrow.from || 'anything'} -> ${arrow.to || 'anything'}: ${arrow.why}`);
  }
});

await t.test('every import leads to a file that exists', async (t) => {
  const paths = new Set(files.map(({ path }) => path));
  for (const edge of inner) t.ok(paths.has(edge.to), name(edge));
});

await t.test('only the composition root imports adapters', async (t) => {
  const paths = new Set(files.map(({ path }) => path));
  for (const adapter of ADAPTERS) {
    t.ok(paths.has(adapter), `${adapter} exists`);
    for (const edge of inner.filter(({ to, isTypeOnly }) => to === adapter && !isTypeOnly)) {
      const isListenError = edge.from.startsWith('cli/') && edge.names.join() === 'ListenError';
      t.ok(COMPOSITION_ROOT.has(edge.from) || isListenError, name(edge));
    }
  }
});

await t.test('only the composition root and the commands know the whole Config', async (t) => {
  for (const edge of inner.filter(({ to }) => to === 'config/config.ts')) {
    const isAllowed = COMPOSITION_ROOT.has(edge.from) || /^(?:cli|config)\//.test(edge.from);
    t.ok(isAllowed, name(edge));
  }
});

await t.test('pure files import no Node module and no package, and as values only pure files', async (t) => {
  const paths = new Set(files.map(({ path }) => path));
  const pure = new Set([...PURE_FILES, 'http/address.ts']);
  for (const path of PURE_FILES) {
    t.ok(paths.has(path), `${path} exists`);
    for (const edge of edges.filter(({ from, isTypeOnly }) => from === path && !isTypeOnly)) {
      t.ok(!edge.isPackage && pure.has(edge.to), name(edge));
    }
  }
  const [net, ...others] = packages.filter(({ from }) => from === 'http/address.ts');
  t.match(net, { to: 'node:net', names: ['BlockList', 'isIP'] }, 'http/address.ts tells addresses apart');
  t.same(others, [], 'and imports nothing else');
});

await t.test('a port is types only', async (t) => {
  const ports = files.filter(
    ({ path }) => posix.basename(path, '.ts') === posix.dirname(path) && !path.startsWith('config/'),
  );
  t.ok(ports.length > 0, 'there are ports');
  for (const { path, text } of ports) {
    t.notMatch(text, /^(?:export )?(?:async )?(?:function|const|let|class)\b/m, `${path} declares no value`);
    for (const edge of edges.filter(({ from }) => from === path)) t.ok(edge.isTypeOnly, name(edge));
  }
});

await t.test('packages stay behind their fences', async (t) => {
  for (const fence of FENCES) {
    const users = packages.filter(({ to }) => to === fence.package);
    t.ok(users.length > 0, `${fence.package} is used`);
    for (const edge of users) {
      const within = edge.isTypeOnly ? [...fence.values, ...fence.types] : fence.values;
      t.ok(
        within.some((prefix) => edge.from.startsWith(prefix)),
        name(edge),
      );
    }
  }
  const fenced = new Set(FENCES.map((fence) => fence.package));
  for (const edge of packages)
    t.ok(edge.to.startsWith('node:') || fenced.has(edge.to), `${name(edge)} has a fence`);
});

await t.test('no import leads in a circle', async (t) => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (trail.includes(path) || done.has(path)) return;
    for (const edge of inner) if (edge.from === path) visit(edge.to, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  t.same(circles, []);
});

await t.test('every file is reached from an entry, and none is a barrel', async (t) => {
  const reached = new Set(ENTRIES);
  for (const path of reached) {
    for (const edge of inner) if (edge.from === path) reached.add(edge.to);
  }
  for (const { path } of files) {
    t.ok(reached.has(path), `${path} is used`);
    t.not(posix.basename(path), 'index.ts', `${path} is no barrel`);
  }
});
