// The generated files: committed as they are rendered, equal to the defaults, and of one mind with the loader.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import t from 'tap';
import { parse } from 'yaml';

import { configTree } from '../../../src/config/config.ts';
import { parseYaml } from '../../../src/config/document.ts';
import { variables } from '../../../src/config/environment.ts';
import { generatedConfigFiles } from '../../../src/config/generate.ts';
import { renderReference } from '../../../src/config/generate/reference.ts';
import { renderSample } from '../../../src/config/generate/sample.ts';
import { configSchema } from '../../../src/config/generate/schema.ts';
import { key, optionalKey, placedKeys, section } from '../../../src/config/keys.ts';
import { duration } from '../../../src/config/kinds/duration.ts';
import type { JsonObject } from '../../../src/config/kinds/kind.ts';
import { text } from '../../../src/config/kinds/scalar.ts';
import { resolve } from '../../../src/config/resolve.ts';
import { toDocument } from '../../../src/config/show.ts';

const ROOT = join(import.meta.dirname, '../../..');
const GOLDEN = join(import.meta.dirname, 'golden');

const secretTree = {
  turn: section('turn', 'Relays.', {
    ttlMs: key('ttl', duration(), '1h', 'How long credentials live.'),
    secret: optionalKey('secret', text, 'example', 'The shared secret.', { isSecret: true }),
  }),
};

function load(document: unknown): ReturnType<typeof resolve<typeof configTree>> {
  return resolve(configTree, { document, environment: {}, readFile: () => ({ problem: 'is not there' }) });
}

/** `required` stands in a `not` beside the properties, which strictRequired takes for a typing error. */
function compile(schema: JsonObject): ValidateFunction {
  return new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);
}

for (const { path, render } of generatedConfigFiles) {
  await t.test(`${path} is what the declarations generate`, (test) => {
    test.equal(readFileSync(join(ROOT, path), 'utf8'), render());
    test.end();
  });
}

await t.test('the sample loads to the defaults', (test) => {
  test.same(load(parse(renderSample(configTree))), load(undefined));
  test.ok('config' in load(undefined));
  test.end();
});

await t.test('the sample names every key, and loads when every example is uncommented', (test) => {
  const sample = renderSample(configTree);
  for (const { key: placed } of placedKeys(configTree)) {
    test.match(sample, new RegExp(`^ *(# )?${placed.yamlName}: `, 'm'));
  }
  const uncommented = sample.replaceAll(/^( *)# ([a-z_]+: )/gm, '$1$2');
  test.not(uncommented, sample);
  const parsed = parseYaml(uncommented, 'sample');
  test.ok('data' in parsed && 'config' in load(parsed.data));
  test.end();
});

await t.test('the config in effect is itself a config that means the same', (test) => {
  const first = load({
    listen: [0, 'unix:/run/p'],
    synapse: { max_upload: 1500, url: 'https://a' },
    discovery: { support: { a: 1 } },
  });
  if (!('config' in first)) throw new Error('the config was refused');
  test.same(load(toDocument(configTree, first.config)), first);
  test.end();
});

await t.test('the schema is a draft 2020-12 schema that accepts the sample', (test) => {
  const validate = compile(configSchema(configTree));
  test.ok(validate(parse(renderSample(configTree))), JSON.stringify(validate.errors));
  test.ok(validate(null), 'an empty file');
  test.ok(validate({ synapse: null }), 'an empty section');
  test.end();
});

await t.test('the schema refuses unknown keys, wrong types and badly written values', (test) => {
  const validate = compile(configSchema(configTree));
  const bad: readonly unknown[] = [
    [],
    { lisen: [3000] },
    { listen: 3000 },
    { listen: [] },
    { listen: ['::1:80'] },
    { public_url: 'https://a/b' },
    { trusted_proxies: ['localhost'] },
    { synapse: { connect_timeout: 5 } },
    { synapse: { connect_timeout: '5 s' } },
    { synapse: { max_upload: '50MB' } },
    { limits: { connections: 0 } },
    { log: { level: 'loud' } },
    { discovery: { client: [] } },
    { ice: { stun: ['turn:a'] } },
    { ice: { turn: { urls: ['turn:a?transport=sctp'] } } },
    { ice: { turn: { secret: 'a', secret_file: '/a' } } },
    { calls: { webhook: { url: 'push.example.org' } } },
  ];
  for (const document of bad) test.notOk(validate(document), JSON.stringify(document));
  test.end();
});

await t.test('the schema of a secret knows its file, and refuses both at once', (test) => {
  const validate = compile(configSchema(secretTree));
  test.ok(validate({ turn: { secret: 'a' } }));
  test.ok(validate({ turn: { secret_file: '/a' } }));
  test.notOk(validate({ turn: { secret: 'a', secret_file: '/a' } }));
  test.end();
});

await t.test('the schema accepts every golden config that the loader accepts', (test) => {
  const validate = compile(configSchema(configTree));
  for (const name of readdirSync(GOLDEN)) {
    const [, yaml] = /=== config\n(.*?)=== effective\n/s.exec(readFileSync(join(GOLDEN, name), 'utf8')) ?? [];
    if (yaml === undefined) continue;
    const document: unknown = parse(yaml);
    // A value that the environment outweighs may be bad.
    if ('config' in load(document)) test.ok(validate(document), name);
  }
  test.end();
});

await t.test('the reference page has a row for every key and its variable', (test) => {
  const page = renderReference(configTree);
  for (const { name, path } of variables(configTree)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${path.join('.')}\` `));
    test.match(row, `\`${name}\``);
  }
  test.end();
});

await t.test('a secret and its file stand in the sample and on the reference page', (test) => {
  test.match(renderSample(secretTree), '  # secret: example\n');
  test.match(renderSample(secretTree), 'Or secret_file: the path');
  test.match(renderReference(secretTree), '`PORTICO_TURN_SECRET_FILE`');
  test.end();
});
