// What is wrong with the certificates of a config, for `portico check`: judged as the start judges them, by what stands in
// their files now. Serves none of them.

import type { Config } from '../config/config.ts';
import { describeValue, formatPath, type Fault } from '../config/faults.ts';
import { certificateFiles, type CertificateFiles } from '../config/sections/tls.ts';
import { findTimeFault, isPairFor, type Pair, type PairFault } from '../tls/pair.ts';
import { findPublicHostWarning } from '../tls/public-host.ts';
import { readPair } from '../tls/read-pair.ts';

export interface CertificateFindings {
  /** One for each certificate that cannot be served. */
  readonly faults: readonly Fault[];
  /** What the operator should know all the same; whole sentences. */
  readonly warnings: readonly string[];
}

export function checkCertificates(
  { tls, publicUrl }: Pick<Config, 'tls' | 'publicUrl'>,
  nowMs: number,
): CertificateFindings {
  const faults: Fault[] = [];
  const warnings: string[] = [];
  const pairs: Pair[] = [];
  const given = certificateFiles(tls);
  const furtherFrom = given.length - tls.certificates.length;
  for (const [index, files] of given.entries()) {
    const place = index < furtherFrom ? ['tls'] : ['tls', 'certificates', index - furtherFrom];
    const read = readPair(files);
    if ('fault' in read) {
      faults.push(faultAt(place, files, read.fault));
      continue;
    }
    const { pair } = read.served;
    pairs.push(pair);
    const late = findTimeFault(pair, nowMs);
    // The start serves it all the same: one who renews certificates only while we run must be able to start us.
    if (late !== undefined) warnings.push(`the file ${files[late.file]} ${late.problem}`);
    warnings.push(...pair.warnings.map((warning) => `the file ${files.certificate} ${warning}`));
  }
  // Of one that cannot be read nobody knows what it is for.
  const isComplete = given.length > 0 && pairs.length === given.length;
  const isFor = (host: string): boolean => pairs.some((pair) => isPairFor(pair, host));
  const warning = isComplete ? findPublicHostWarning(publicUrl, isFor) : undefined;
  return { faults, warnings: warning === undefined ? warnings : [...warnings, warning] };
}

function faultAt(
  place: readonly (string | number)[],
  files: CertificateFiles,
  { file, problem }: PairFault,
): Fault {
  return {
    path: formatPath([...place, file]),
    problem: `names a file that ${problem}`,
    value: describeValue(files[file]),
  };
}
