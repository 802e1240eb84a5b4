// The files that are made from the config tree: sample, schema and reference page. Renders text; the caller writes it.

import { configTree } from './config.ts';
import { renderReference } from './generate/reference.ts';
import { renderSample } from './generate/sample.ts';
import { renderSchema } from './generate/schema.ts';

/** Paths from the repository's root. */
export const generatedConfigFiles: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: 'config/portico.yaml', render: () => renderSample(configTree) },
  { path: 'config/schema.json', render: () => renderSchema(configTree) },
  { path: 'docs/config.md', render: () => renderReference(configTree) },
];
