// What no source may contain: time, randomness and environment outside their ports, unfinished work, this machine.

import t, { type Test } from 'tap';

import { codeOf, committedPaths, readSource, sourceFiles, type SourceFile } from './source-files.ts';

interface Ban {
  readonly pattern: RegExp;
  readonly what: string;
  /** Prefixes of the files that may. */
  readonly except: readonly string[];
}

const IN_SOURCES: readonly Ban[] = [
  { pattern: /\bDate\.now\b/, what: 'Date.now', except: ['src/clock.ts', 'src/cli/'] },
  {
    pattern: /\bnew Date\(/,
    what: 'new Date()',
    except: ['src/clock.ts', 'src/cli/', 'src/application/jwt.ts'],
  },
  { pattern: /\bperformance\.now\b/, what: 'performance.now', except: ['src/clock.ts', 'src/cli/'] },
  { pattern: /\bset(?:Timeout|Interval)\b/, what: 'a timer of Node', except: ['src/clock.ts', 'src/cli/'] },
  { pattern: /\bMath\.random\b/, what: 'Math.random', except: [] },
  { pattern: /\brandom(?:Bytes|UUID|Int)\b/, what: 'a random source', except: ['src/random.ts', 'src/cli/'] },
  { pattern: /\bprocess\.env\b/, what: 'process.env', except: ['src/cli/'] },
];

const EVERYWHERE: readonly Ban[] = [
  { pattern: /(?::|\bas|<|\|)\s*any\b(?!\s*[:(])/, what: 'the type any', except: [] },
  { pattern: /@ts-(?:ignore|expect-error|nocheck)/, what: 'a silenced type error', except: [] },
];

const IN_UNIT_TESTS: readonly Ban[] = [
  {
    pattern: /\bsleep\b|\bset(?:Timeout|Interval)\b|\bscheduler\b/,
    what: 'a wait for real time',
    except: [],
  },
  { pattern: /\bDate\.now\b|\bperformance\.now\b/, what: 'the real clock', except: [] },
];

const UNFINISHED = new RegExp(
  `\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${'X'.repeat(3)})\\b`,
);
/** Folders that exist on the machine of whoever wrote the file, and nowhere else. */
const MACHINE_PATH = /(?<![\w.~*])\/(?:work|home\/[a-z]\w*|Users\/\w+|root|workspace|mnt\/[a-z]+)\/\w/;
/** Package registries other than the public ones that a document may name. */
const REGISTRY = /https?:\/\/[^\s"'`)]*(?:registry\.|\/registry|artifactory|nexus|verdaccio|pypi)/i;
const BINARY = /\.(?:png|ico|jpg|woff2|gz|zip|db)$/;

function holds(t: Test, files: readonly SourceFile[], bans: readonly Ban[]): void {
  for (const { pattern, what, except } of bans) {
    for (const { path, text } of files) {
      if (except.some((prefix) => path.startsWith(prefix))) continue;
      t.notMatch(codeOf(text), pattern, `${path} has no ${what}`);
    }
  }
}

await t.test('the reader of code sees code, and nothing that is written about it', async (t) => {
  const seen = codeOf("a(); // b()\n/* c() */ d('e()', `f() ${g()} h()`); const i = /j()['\"]/u; k / l / m;");
  for (const part of ['a()', 'd(', 'g()', 'k / l / m']) t.match(seen, part, `${part} is code`);
  for (const part of ['b()', 'c()', 'e()', 'f()', 'h()', 'j()'])
    t.notOk(seen.includes(part), `${part} is not`);
});

await t.test('time, randomness and environment come as arguments', async (t) => {
  holds(t, sourceFiles('src/**/*.ts'), IN_SOURCES);
});

await t.test('types are never given up', async (t) => {
  holds(t, sourceFiles('src/**/*.ts', 'test/**/*.ts', 'docs/**/*.ts'), EVERYWHERE);
});

await t.test('unit tests wait for nothing', async (t) => {
  holds(t, sourceFiles('test/unit/**/*.ts'), IN_UNIT_TESTS);
});

await t.test('no committed file names unfinished work, this machine, or a registry', async (t) => {
  const paths = committedPaths();
  if (paths === undefined) {
    t.comment('no git here: nothing is committed from this folder');
    return;
  }
  for (const path of paths.filter((found) => !BINARY.test(found))) {
    const { text } = readSource(path);
    t.notMatch(text, MACHINE_PATH, `${path} names no folder of a machine`);
    t.notMatch(text, REGISTRY, `${path} names no registry`);
    if (path !== 'package-lock.json') t.notMatch(text, UNFINISHED, `${path} has no unfinished work`);
  }
});

await t.test('the lockfile says what to install, not where from', async (t) => {
  const { packages } = JSON.parse(readSource('package-lock.json').text) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
  };
  for (const [path, entry] of Object.entries(packages)) {
    t.equal(entry.resolved, undefined, `${path || 'the project'} names no registry`);
    if (path !== '') t.ok(entry.integrity, `${path} has a checksum`);
  }
});
