// What the generated pages and files promise equals the code that they were generated from.
// `node docs/generate/all.ts` writes them anew.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { generatedFiles } from '../../docs/generate/all.ts';
import { ERRORS } from '../../src/errors.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { createRecordingMetrics } from '../../src/observe/recording-metrics.ts';
import { REPOSITORY_DIR } from '../harness/places.ts';

function committed(path: string): string {
  const file = join(REPOSITORY_DIR, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

await t.test('every generated file is as its generator writes it now', async (t) => {
  for (const { path, render } of generatedFiles) t.equal(committed(path), render(), path);
});

await t.test('no generated file has two generators', async (t) => {
  const paths = generatedFiles.map(({ path }) => path);
  t.same([...new Set(paths)], paths);
});

await t.test('docs/errors.md has each code of the registry once, and no other', async (t) => {
  const documented = [...committed('docs/errors.md').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
  t.same(documented, Object.keys(ERRORS));
});

await t.test('docs/metrics.md has each metric of ours once, and no other', async (t) => {
  const metrics = createMetrics();
  metrics.watch({
    heldPolls: () => 0,
    connections: () => 0,
    sockets: () => [],
    relayed: () => ({ messages: {}, bytes: 0 }),
    tunnels: () => 0,
    tunnelBytes: () => ({ client: 0, upstream: 0 }),
  });
  createRecordingMetrics(metrics.registry, () => 0);
  const names = metrics.registry.getMetricsAsArray().map(({ name }) => name);
  const documented = [...committed('docs/metrics.md').matchAll(/^\| `(portico_\w+)`/gm)].map(
    ([, name]) => name,
  );
  t.same(
    documented,
    names.filter((name) => name.startsWith('portico_')),
  );
});

await t.test('configuration keys that the advice names exist', async (t) => {
  const reference = committed('docs/config.md');
  for (const page of ['docs/errors.md', 'docs/metrics.md']) {
    for (const [, key = ''] of committed(page).matchAll(
      /`((?:limits|synapse|observe|log)\.[a-z_]+|trusted_proxies)`/g,
    )) {
      t.match(reference, `\`${key}\``, `${page}: ${key}`);
    }
  }
});
