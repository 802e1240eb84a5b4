// The machine that the benchmarks run on, in one line for their reports.

import { cpus, release, totalmem } from 'node:os';

const GIB = 1024 ** 3;

export function machine(): string {
  const model = (cpus()[0]?.model ?? 'unknown processor').trim();
  return (
    `${model}, ${cpus().length} cores, ${Math.round(totalmem() / GIB)} GiB, Linux ${release()}, ` +
    `Node.js ${process.versions.node}`
  );
}
