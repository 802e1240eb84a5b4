// What is wrong with a config although each of its values is good: paths that get in each other's way here, pages and
// TLS in files of their own.
// Pure. Values themselves are judged by their kinds, before this.

import type { Config } from './config.ts';
import type { Fault } from './faults.ts';
import { describeValue, formatPath } from './faults.ts';
import { findPageConflicts, pagePaths } from './page-conflicts.ts';
import { overlap, type TakenPath } from './taken-path.ts';
import { findTlsConflicts } from './tls-conflicts.ts';

/** A tunnel or a route, as far as its paths go. */
interface ServedPath {
  readonly path: string;
  readonly to: { readonly path: string };
}

/** Paths that the gateway answers or forwards itself, whatever the config says. */
const OWN_PATHS: readonly TakenPath[] = [
  ...['/_matrix/', '/_synapse/', '/api/', '/.well-known/', '/portico/'].map((path) => ({
    path,
    isPrefix: true,
  })),
  ...['/call-config.json', '/health', '/ready'].map((path) => ({ path, isPrefix: false })),
].map((taken) => ({ ...taken, by: 'Portico itself' }));

const ALLOWED = 'a path that nothing else is served on';

/** @param locate where a path of the config was given, for messages */
export function findConflicts(
  config: Config,
  locate: (path: readonly (string | number)[]) => string | undefined,
): readonly Fault[] {
  const { tunnels, routes, signaling, callPage } = config;
  const faults: Fault[] = [...findTlsConflicts(config, locate)];
  const taken: TakenPath[] = [...OWN_PATHS];
  if (callPage.enabled) taken.push({ path: '/call/', by: 'call_page', isPrefix: true });
  const { native, socketio } = signaling;
  if (native.enabled) taken.push({ path: native.path, by: 'signaling.native.path', isPrefix: false });
  if (socketio.enabled) taken.push({ path: socketio.path, by: 'signaling.socketio.path', isPrefix: true });
  faults.push(...findPageConflicts(signaling, taken, locate));
  taken.push(...pagePaths(signaling));

  judge('tunnels', tunnels);
  judge('routes', routes);
  return faults;

  function judge(list: 'tunnels' | 'routes', services: readonly ServedPath[]): void {
    for (const [index, { path, to }] of services.entries()) {
      const report = (member: string, problem: string, value: string, allowed: string): void => {
        const at = [list, index, member];
        const source = locate(at);
        const fault = { path: formatPath(at), problem, value: describeValue(value), allowed };
        faults.push(source === undefined ? fault : { ...fault, source });
      };
      const isPrefix = path.endsWith('/');
      const other = taken.find((candidate) => overlap(candidate, { path, isPrefix }));
      if (other !== undefined) report('path', `is taken by ${other.by}`, path, ALLOWED);
      // A prefix and a path below it do not contradict each other within a list: the longer one wins.
      const twin = services.findIndex((candidate) => candidate.path === path);
      if (twin < index) report('path', `is that of ${formatPath([list, twin])} too`, path, ALLOWED);
      // Tunnels come first: a route below one would never be asked, one above it gets what the tunnel leaves.
      const above = list === 'routes' ? tunnels.findIndex((tunnel) => isAtOrBelow(path, tunnel.path)) : -1;
      if (above >= 0) report('path', `is taken by ${formatPath(['tunnels', above])}`, path, ALLOWED);
      if (isPrefix && to.path !== '' && !to.path.endsWith('/')) {
        const problem = 'has a path without a slash at its end, which would grow together with what follows';
        report('to', problem, to.path, `a path that ends in /, as ${path} does, or none`);
      }
    }
  }
}

function isAtOrBelow(path: string, above: string): boolean {
  return path === above || (above.endsWith('/') && path.startsWith(above));
}
