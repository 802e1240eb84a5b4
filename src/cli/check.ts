// `portico check`: prints the config in effect, secrets masked, or every fault. Starts nothing, connects to nothing.

import { configTree } from '../config/config.ts';
import { formatFaults } from '../config/faults.ts';
import type { LoadOptions } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import { showConfig } from '../config/show.ts';

export interface CheckOptions extends LoadOptions {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Returns the exit code. */
export function check({ out, err, ...options }: CheckOptions): number {
  const loaded = loadConfig(options);
  if ('faults' in loaded) {
    err(formatFaults(loaded.faults));
    return 1;
  }
  out(showConfig(configTree, loaded.config));
  return 0;
}
