// What the README, the operations pages and compose.yaml tell people to type is true: configs load, commands, keys,
// variables, metrics and linked files exist. Starts nothing.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import t from 'tap';
import { parse } from 'yaml';

import { MINIMUM_PYTHON } from '../../src/cli/demo/python.ts';
import { SYNAPSE_VERSION } from '../../src/cli/demo/synapse-install.ts';
import { configTree } from '../../src/config/config.ts';
import { parseYaml } from '../../src/config/document.ts';
import { PREFIX, variables, type Environment } from '../../src/config/environment.ts';
import { formatFaults } from '../../src/config/faults.ts';
import { placedKeys } from '../../src/config/keys.ts';
import { resolve } from '../../src/config/resolve.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';

/** The first line of a yaml block says which file it is; blocks of this one are ours. */
const PORTICO_MARK = '# config/portico.yaml\n';
const SYNAPSE_MARK = '# homeserver.yaml\n';
const OPERATIONS = 'docs/operations';

const readme = read('README.md');
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(REPOSITORY_DIR, OPERATIONS)).map((name) => `${OPERATIONS}/${name}`),
].map((path) => ({ path, text: read(path) }));
const knownKeys = new Set(placedKeys(configTree).map(({ path }) => path.join('.')));
const knownSections = new Set([...knownKeys].map((key) => key.split('.', 1)[0] ?? ''));
const knownVariables = new Set(variables(configTree).map(({ name }) => name));

function read(path: string): string {
  return readFileSync(join(REPOSITORY_DIR, path), 'utf8');
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([whole, group]) => group ?? whole);
}

function faultsOf(document: unknown, environment: Environment): string {
  const resolved = resolve(configTree, {
    document,
    environment,
    readFile: () => ({ problem: 'is not there' }),
  });
  return 'faults' in resolved ? formatFaults(resolved.faults) : '';
}

await t.test('every Portico config of a page loads without faults', (test) => {
  let configs = 0;
  for (const { path, text } of pages) {
    for (const block of matches(text, /^```yaml\n(.*?)^```$/gms)) {
      if (block.startsWith(SYNAPSE_MARK)) continue;
      test.ok(
        block.startsWith(PORTICO_MARK),
        `${path}: a yaml block begins with the name of its file\n${block}`,
      );
      const parsed = parseYaml(block, path);
      test.equal('faults' in parsed ? formatFaults(parsed.faults) : faultsOf(parsed.data, {}), '', path);
      configs += 1;
    }
  }
  test.ok(configs >= 2, 'the pages show configs');
  test.end();
});

await t.test('the config of the README has about ten lines', (test) => {
  const [config = ''] = matches(readme, /^```yaml\n# config\/portico\.yaml\n(.*?)^```$/gms);
  const lines = config.trimEnd().split('\n').length;
  test.ok(lines > 5 && lines <= 10, `${lines} lines`);
  test.end();
});

await t.test('every npm script that a page names exists', (test) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = pages.flatMap(({ text }) => matches(text, /\bnpm (?:run )?(test|start|(?<=run )[a-z:]+)/g));
  test.ok(named.includes('demo') && named.includes('test'), 'the two commands stand there');
  for (const script of named) test.ok(script in scripts, script);
  test.end();
});

await t.test('every relative link leads to a file or folder', (test) => {
  for (const { path, text } of pages) {
    for (const link of matches(text, /\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      test.ok(existsSync(join(REPOSITORY_DIR, dirname(path), link)), `${path}: ${link}`);
    }
  }
  test.end();
});

await t.test('every link within a page leads to one of its headings', (test) => {
  for (const { path, text } of pages) {
    const anchors = matches(text, /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const anchor of matches(text, /\]\(#([^)]+)\)/g))
      test.ok(anchors.includes(anchor), `${path}: ${anchor}`);
  }
  test.end();
});

await t.test('every key in the nginx table exists', (test) => {
  const rows = matches(readme, /^## From nginx$(.*?)^## /gms).flatMap((section) =>
    matches(section, /^\| [^|]*`[^|]*\| ([^|]*) \|$/gm),
  );
  test.ok(rows.length > 20, 'the table was found');
  for (const row of rows) {
    const keys = matches(row, /`([a-z_]+(?:\.[a-z_]+)*)`/g);
    for (const key of keys) test.ok(knownKeys.has(key), key);
    test.ok(keys.length > 0 || /nothing to set|not yet|`portico check`/.test(row), `says what to do: ${row}`);
  }
  test.end();
});

await t.test('everything on the pages that looks like a key of a section is one', (test) => {
  for (const { path, text } of pages) {
    for (const name of matches(text, /`([a-z]+\.[a-z_]+)`/g)) {
      if (!knownSections.has(name.split('.', 1)[0] ?? '')) continue;
      test.ok(knownKeys.has(name), `${path}: ${name}`);
    }
  }
  test.end();
});

await t.test('every variable on the pages and in compose.yaml sets a known key', (test) => {
  for (const { path, text } of [...pages, { path: 'compose.yaml', text: read('compose.yaml') }]) {
    for (const name of matches(text, /\bPORTICO_[A-Z0-9_]+/g))
      test.ok(knownVariables.has(name), `${path}: ${name}`);
  }
  test.end();
});

await t.test('the environment in compose.yaml loads without faults, with nothing else given', (test) => {
  const { services } = parse(read('compose.yaml')) as {
    services: {
      portico: { environment: Record<string, string> };
      synapse: { image: string };
    };
  };
  const environment = Object.fromEntries(
    Object.entries(services.portico.environment).map(([name, value]) => [
      name,
      value.replaceAll(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1'),
    ]),
  );
  test.ok(Object.keys(environment).every((name) => name.startsWith(PREFIX)));
  test.equal(faultsOf(undefined, environment), '');
  test.equal(
    services.synapse.image,
    `matrixdotorg/synapse:v${SYNAPSE_VERSION}`,
    'the Synapse that is tested',
  );
  test.end();
});

await t.test('the addresses that the image and the README rely on are the defaults', (test) => {
  const { listen, observe } = configTree;
  const observed = observe.entries.listen.written as string;
  const [port] = listen.written as readonly string[];
  test.match(read('Dockerfile'), `http://${observed}/health`);
  test.match(readme, `http://${observed}/metrics`);
  test.match(read('Dockerfile'), `EXPOSE ${port}\n`);
  test.end();
});

await t.test('the README names the Python that the demo needs', (test) => {
  test.match(readme, `Python ${MINIMUM_PYTHON.major}.${MINIMUM_PYTHON.minor} or later`);
  test.end();
});

await t.test('.ci/run runs the test command of the README', (test) => {
  const command = matches(readme, /^```sh\n(.*)\n```$/gm).find((line) => line.includes('npm test'));
  test.equal(read('.ci/run').trimEnd().split('\n').at(-1), command);
  test.end();
});
