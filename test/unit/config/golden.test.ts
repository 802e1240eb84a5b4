// Walks golden/: one case per file, a config in, the effective config or the refusal out.
// `npx tap --snapshot test/unit/config/golden.test.ts` writes what the loader says now; read the difference.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';
import { parse, stringify } from 'yaml';

import { formatFaults } from '../../../src/config/faults.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { showConfig } from '../../../src/config/show.ts';
import { configTree } from '../../../src/config/config.ts';

const FOLDER = join(import.meta.dirname, 'golden');
const PARTS =
  /^(?<rule>(?:#[^\n]*\n)+)(?:=== environment\n(?<environment>.*?))?=== config\n(?<yaml>.*?)=== (?<verdict>effective|refused)\n(?<expected>.*)$/s;

const SECTIONS = new Set(
  Object.values(configTree).flatMap((entry) => (entry.entry === 'section' ? [entry.yamlName] : [])),
);

const defaults = flatten(parse(run(t.testdir({}), {}).text));

for (const name of readdirSync(FOLDER).toSorted()) {
  const path = join(FOLDER, name);
  const text = readFileSync(path, 'utf8');
  const { rule = '', environment, yaml = '', verdict, expected } = PARTS.exec(text)?.groups ?? {};

  await t.test(`${name}: ${rule.replaceAll(/^# |\n$/gm, '')}`, (test) => {
    const directory = test.testdir({ config: { 'portico.yaml': expand(yaml) } });
    const result = run(directory, readEnvironment(environment ?? ''));
    const actualVerdict = result.exitCode === 0 ? 'effective' : 'refused';
    const actual = result.exitCode === 0 ? differences(parse(result.text)) : result.text;
    if (process.env['TAP_SNAPSHOT'] === '1') {
      const input = text.slice(0, text.lastIndexOf('\n=== '));
      writeFileSync(path, `${input}\n=== ${actualVerdict}\n${actual}`);
    } else {
      test.equal(actualVerdict, verdict);
      test.equal(actual, expected);
    }
    test.end();
  });
}

/** Without looking at the files that the config names. */
function run(directory: string, environment: Record<string, string>): { exitCode: number; text: string } {
  const loaded = loadConfig({ environment, directory });
  if ('faults' in loaded) return { exitCode: 1, text: formatFaults(loaded.faults) };
  return { exitCode: 0, text: showConfig(configTree, loaded.config) };
}

/** `{{x*500}}` stands for five hundred x. */
function expand(yaml: string): string {
  return yaml.replaceAll(/\{\{(.+?)\*(\d+)\}\}/gs, (_, part: string, count: string) =>
    part.repeat(Number(count)),
  );
}

function readEnvironment(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function differences(config: unknown): string {
  const lines = [...flatten(config)].filter(([path, value]) => defaults.get(path) !== value);
  return lines.map(([path, value]) => `${path}: ${value}\n`).join('');
}

function flatten(config: unknown): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(config as Record<string, unknown>)) {
    const isSection = SECTIONS.has(name);
    const members: [string, unknown][] = isSection
      ? Object.entries(value as Record<string, unknown>).map(([key, member]) => [`${name}.${key}`, member])
      : [[name, value]];
    for (const [path, member] of members) {
      flat.set(
        path,
        stringify(member, { collectionStyle: 'flow', singleQuote: true, lineWidth: 0 }).trimEnd(),
      );
    }
  }
  return flat;
}
