// What is wrong with a config although each of its values is good: paths that get in each other's way.
// Pure. Values themselves are judged by their kinds, before this.

import type { Config } from './config.ts';
import type { Fault } from './faults.ts';
import { describeValue, formatPath } from './faults.ts';

interface TakenPath {
  readonly path: string;
  /** How a fault names what is there. */
  readonly by: string;
  readonly isPrefix: boolean;
}

/** Paths that the gateway answers or forwards itself, whatever the config says. */
const OWN_PATHS: readonly TakenPath[] = [
  ...['/_matrix/', '/_synapse/', '/api/', '/.well-known/'].map((path) => ({ path, isPrefix: true })),
  ...['/call-config.json', '/health', '/ready'].map((path) => ({ path, isPrefix: false })),
].map((taken) => ({ ...taken, by: 'Portico itself' }));

const ALLOWED = 'a path that nothing else is served on';

/** @param locate where a path of the config was given, for messages */
export function findConflicts(
  { tunnels, signaling }: Pick<Config, 'tunnels' | 'signaling'>,
  locate: (path: readonly (string | number)[]) => string | undefined,
): readonly Fault[] {
  const faults: Fault[] = [];
  const taken: TakenPath[] = [...OWN_PATHS];
  const { native, socketio } = signaling;
  if (native.enabled) taken.push({ path: native.path, by: 'signaling.native.path', isPrefix: false });
  if (socketio.enabled) taken.push({ path: socketio.path, by: 'signaling.socketio.path', isPrefix: true });

  for (const [index, { path, to }] of tunnels.entries()) {
    const report = (member: string, problem: string, value: string, allowed: string): void => {
      const at = ['tunnels', index, member];
      const source = locate(at);
      const fault = { path: formatPath(at), problem, value: describeValue(value), allowed };
      faults.push(source === undefined ? fault : { ...fault, source });
    };
    const isPrefix = path.endsWith('/');
    const other = taken.find((candidate) => overlap(candidate, { path, isPrefix }));
    if (other !== undefined) report('path', `is taken by ${other.by}`, path, ALLOWED);
    // A prefix and a path below it do not contradict each other between tunnels: the longer one wins.
    const twin = tunnels.findIndex((candidate) => candidate.path === path);
    if (twin < index) report('path', `is that of ${formatPath(['tunnels', twin])} too`, path, ALLOWED);
    if (isPrefix && to.path !== '' && !to.path.endsWith('/')) {
      const problem = 'has a path without a slash at its end, which would grow together with what follows';
      report('to', problem, to.path, `a path that ends in /, as ${path} does, or none`);
    }
  }
  return faults;
}

function overlap(a: TakenPath, b: Omit<TakenPath, 'by'>): boolean {
  return a.path === b.path || covers(a, b.path) || covers(b, a.path);
}

function covers({ path, isPrefix }: Omit<TakenPath, 'by'>, other: string): boolean {
  // The Socket.IO server answers on its path without the slash too.
  return isPrefix && (other.startsWith(path) || `${other}/` === path);
}
