// Where the tests keep what they install: one folder at the root of the repository, shared by all test processes.

import { resolve } from 'node:path';

export const REPOSITORY_DIR = resolve(import.meta.dirname, '..', '..');
export const STATE_DIR = resolve(REPOSITORY_DIR, '.synapse');
