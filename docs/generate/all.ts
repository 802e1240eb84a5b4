// The list of generated files; run as a program (`node docs/generate/all.ts`) it writes them.
// test/consistency/docs.test.ts holds what is committed against it.

import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { generatedConfigFiles } from '../../src/config/generate.ts';
import { renderCallStates } from './call-states.ts';
import { renderClientLibrary } from './client-api.ts';
import { renderErrors } from './errors.ts';
import { renderMetrics } from './metrics.ts';
import { renderOpenApi } from './openapi.ts';
import { renderNative } from './protocol-native.ts';
import { renderOverview } from './protocol-overview.ts';
import { renderProfile } from './protocol-profile.ts';
import { renderRoom } from './protocol-room.ts';
import { renderSocketIo } from './protocol-socket-io.ts';

export interface GeneratedFile {
  /** From the repository's root. */
  readonly path: string;
  readonly render: () => string;
}

export const generatedFiles: readonly GeneratedFile[] = [
  ...generatedConfigFiles,
  { path: 'docs/call-states.md', render: renderCallStates },
  { path: 'docs/client-library.md', render: renderClientLibrary },
  { path: 'docs/errors.md', render: renderErrors },
  { path: 'docs/metrics.md', render: renderMetrics },
  { path: 'docs/openapi.json', render: renderOpenApi },
  { path: 'docs/protocol/README.md', render: renderOverview },
  { path: 'docs/protocol/native.md', render: renderNative },
  { path: 'docs/protocol/profile.md', render: renderProfile },
  { path: 'docs/protocol/room.md', render: renderRoom },
  { path: 'docs/protocol/socket-io.md', render: renderSocketIo },
];

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..', '..');
  for (const { path, render } of generatedFiles) {
    writeFileSync(join(root, path), render());
    process.stdout.write(`${path}\n`);
  }
}
