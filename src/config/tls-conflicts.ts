// What is wrong with `tls` although each of its values is good: keys that do nothing, and addresses that are taken.
// Pure. What stands in the files of a certificate is judged when they are read (tls/pair.ts).

import type { Config } from './config.ts';
import type { Fault } from './faults.ts';
import { describeValue, formatPath } from './faults.ts';
import { showListenAddress, type ListenAddress } from './kinds/listen-address.ts';
import { certificateFiles } from './sections/tls.ts';

type Path = readonly (string | number)[];

/** @param locate where a path of the config was given, for messages */
export function findTlsConflicts(
  { tls, listen, observe, publicUrl }: Pick<Config, 'tls' | 'listen' | 'observe' | 'publicUrl'>,
  locate: (path: Path) => string | undefined,
): readonly Fault[] {
  const faults: Fault[] = [];
  if (certificateFiles(tls).length === 0) {
    const problem = 'does nothing without a certificate';
    const allowed = 'together with tls.certificate and tls.key, or not at all';
    if (tls.redirect !== undefined)
      report(['tls', 'redirect'], problem, showListenAddress(tls.redirect), allowed);
    if (tls.hstsMs !== undefined) report(['tls', 'hsts'], problem, undefined, allowed);
    return faults;
  }
  if (listen.every(({ kind }) => kind === 'unix')) {
    const problem = 'has no TCP address, and only those speak TLS';
    report(['listen'], problem, listen.map(showListenAddress), 'at least one port or host:port next to tls');
  }
  if (publicUrl?.startsWith('http:') === true) {
    report(
      ['public_url'],
      'is http, but clients reach Portico by TLS',
      publicUrl,
      'the https:// origin, or none',
    );
  }
  judgeRedirect();
  return faults;

  function judgeRedirect(): void {
    const { redirect } = tls;
    if (redirect === undefined) return;
    const others: (readonly [Path, ListenAddress])[] = [
      ...listen.map((address, index) => [['listen', index], address] as const),
      [['observe', 'listen'], observe.listen],
    ];
    const taken = others.find(([, address]) => isSame(address, redirect))?.[0];
    if (taken === undefined) return;
    const problem = `is taken by ${formatPath(taken)}`;
    report(
      ['tls', 'redirect'],
      problem,
      showListenAddress(redirect),
      'an address that nothing else listens on',
    );
  }

  function report(path: Path, problem: string, value: unknown, allowed: string): void {
    const source = locate(path);
    faults.push({
      path: formatPath(path),
      problem,
      ...(value === undefined ? {} : { value: describeValue(value) }),
      allowed,
      ...(source === undefined ? {} : { source }),
    });
  }
}

/** Port 0 is another port each time; without a host, a port is taken on every address. */
function isSame(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'unix' || b.kind === 'unix')
    return a.kind === 'unix' && b.kind === 'unix' && a.path === b.path;
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === undefined || b.host === undefined || a.host === b.host;
}
