// A path for a Unix socket, removed after the test. Not below the checkout: such paths may take at most 107 bytes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Test } from 'tap';

export function socketPath(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 's.sock');
}
