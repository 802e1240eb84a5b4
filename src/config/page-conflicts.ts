// What is wrong with `signaling.profile` and `signaling.room` although each of their values is good: paths that others
// have, and ways to judge pages that lack what they judge by. Pure. What is not enabled is not judged.

import type { Fault } from './faults.ts';
import { describeValue, formatPath } from './faults.ts';
import { jwtKeys, KEY_KINDS, type ForwardConfig, type JwtConfig } from './sections/page-auth.ts';
import type { SignalingConfig } from './sections/signaling.ts';
import { overlap, type TakenPath } from './taken-path.ts';

type PageConfig = Pick<SignalingConfig, 'profile' | 'room'>;
type Locate = (path: readonly (string | number)[]) => string | undefined;

const ALLOWED = 'a path that nothing else is served on';
/** What the registry of rooms answers; everything below these too. */
const REGISTRY_PATHS = ['/users/', '/rooms/'];

/** The paths that pages take, for those who may not have them. */
export function pagePaths({ profile, room }: PageConfig): readonly TakenPath[] {
  const taken: TakenPath[] = [];
  if (profile.enabled) taken.push({ path: profile.path, by: 'signaling.profile.path', isPrefix: true });
  if (room.enabled) taken.push({ path: room.path, by: 'signaling.room.path', isPrefix: true });
  if (room.enabled && room.rooms === 'registry') {
    const by = 'signaling.room.rooms, which is registry';
    taken.push(...REGISTRY_PATHS.map((path) => ({ path, by, isPrefix: true })));
  }
  return taken;
}

/**
 * @param taken what others have: Portico itself, and the other kinds of clients
 * @param locate where a path of the config was given, for messages
 */
export function findPageConflicts(
  { profile, room }: PageConfig,
  taken: readonly TakenPath[],
  locate: Locate,
): readonly Fault[] {
  const faults: Fault[] = [];
  if (profile.enabled) {
    judgePath('profile', profile.path, taken);
    judgeMethod('profile', 'auth', profile.auth, profile);
  }
  if (room.enabled) {
    const isShared = profile.enabled && profile.path === room.path;
    const ofProfile = isShared ? [] : pagePaths({ profile, room: { ...room, enabled: false } });
    judgePath('room', room.path, [...taken, ...ofProfile]);
    judgeMethod('room', 'rooms', room.rooms, room);
    if (room.rooms === 'registry')
      judgeRegistry([...taken, ...pagePaths({ profile, room: { ...room, rooms: 'open' } })]);
  }
  return faults;

  function judgePath(name: 'profile' | 'room', path: string, others: readonly TakenPath[]): void {
    const other = others.find((candidate) => overlap(candidate, { path, isPrefix: true }));
    if (other !== undefined)
      report([name, 'path'], `is taken by ${other.by}`, { value: path, allowed: ALLOWED });
  }

  function judgeRegistry(others: readonly TakenPath[]): void {
    const other = others.find((one) => REGISTRY_PATHS.some((path) => overlap(one, { path, isPrefix: true })));
    if (other === undefined) return;
    const problem = `needs the paths /users and /rooms, of which one is taken by ${other.by}`;
    report(['room', 'rooms'], problem, { value: 'registry', allowed: 'these paths free, or other rooms' });
  }

  function judgeMethod(
    name: 'profile' | 'room',
    member: string,
    method: string,
    { forward, jwt }: { readonly forward: ForwardConfig; readonly jwt: JwtConfig },
  ): void {
    const setting = `signaling.${name}.${member}`;
    if (method === 'forward' && forward.url === undefined) {
      const problem = `is missing, and ${setting} forward asks nobody without it`;
      report([name, 'forward', 'url'], problem, { allowed: `a URL, or another ${setting}` });
    }
    if (method !== 'jwt') return;
    const all = KEY_KINDS.map((kind) => formatPath(['signaling', name, 'jwt', jwtKeys[kind].yamlName]));
    const allowed = `one of ${all.join(', ')}, or another ${setting}`;
    const [first, second] = KEY_KINDS.filter((kind) => jwt[kind] !== undefined);
    if (first === undefined)
      report([name, 'jwt'], `has no key, and ${setting} jwt lets nobody in without one`, { allowed });
    // Which of two would hold is a guess, and a token signed by the one that was forgotten would pass.
    else if (second !== undefined)
      report([name, 'jwt', jwtKeys[second].yamlName], `is given besides ${jwtKeys[first].yamlName}`, {
        allowed,
      });
  }

  function report(
    at: readonly string[],
    problem: string,
    { value, allowed }: { readonly value?: string; readonly allowed: string },
  ): void {
    const path = ['signaling', ...at];
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
