// `portico check`: prints the config in effect, secrets masked, or every fault, those of the certificates' files included.
// Starts nothing, connects to nothing.

import { systemClock } from '../clock.ts';
import { configTree } from '../config/config.ts';
import { formatFaults } from '../config/faults.ts';
import type { LoadOptions } from '../config/load.ts';
import { loadConfig } from '../config/load.ts';
import { showConfig } from '../config/show.ts';
import { checkCertificates } from './check-certificates.ts';

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
  const { faults, warnings } = checkCertificates(loaded.config, systemClock.nowMs());
  if (faults.length > 0) {
    err(formatFaults(faults));
    return 1;
  }
  for (const warning of warnings) err(`warning: ${warning}\n`);
  out(showConfig(configTree, loaded.config));
  return 0;
}
