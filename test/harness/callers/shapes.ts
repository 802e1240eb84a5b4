// What a frame of a dialect may look like: its members by name, each with what its value has to be, and nothing beside
// them. For tests that read the tables of the contract a second time; it knows no dialect.

export type Frame = Readonly<Record<string, unknown>>;

type Judge = (value: unknown) => boolean;
export interface Member {
  readonly judge: Judge;
  readonly isOptional: boolean;
}
export type Shape = Readonly<Record<string, Member>>;

const member = (judge: Judge): Member => ({ judge, isOptional: false });

export const text = member((value) => typeof value === 'string' && value !== '');
export const number = member((value) => typeof value === 'number');
export const boolean = member((value) => typeof value === 'boolean');
export const textOrNull = member((value) => value === null || typeof value === 'string');
/** ISO 8601 in UTC. */
export const time = member(
  (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value),
);
export const exactly = (...values: readonly unknown[]): Member => member((value) => values.includes(value));
export const either = (one: Member, other: Member): Member =>
  member((value) => one.judge(value) || other.judge(value));
export const optional = ({ judge }: Member): Member => ({ judge, isOptional: true });
export const object = (shape: Shape): Member => member((value) => faultIn(value, shape) === undefined);
export const listOf = ({ judge }: Member): Member =>
  member((value) => Array.isArray(value) && value.every((one) => judge(one)));
export const description = (type: 'offer' | 'answer'): Member =>
  object({ type: exactly(type), sdp: member((sdp) => typeof sdp === 'string' && sdp.startsWith('v=0')) });
export const candidate = either(
  exactly(null),
  object({ candidate: text, sdpMid: text, sdpMLineIndex: number }),
);

/** What is wrong with it; undefined for a frame that has exactly these members. */
export function faultIn(value: unknown, shape: Shape): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no object';
  const given = value as Frame;
  for (const name of Object.keys(given))
    if (!Object.hasOwn(shape, name)) return `has ${name}: ${JSON.stringify(given[name])}`;
  for (const [name, { judge, isOptional }] of Object.entries(shape)) {
    if (given[name] === undefined && isOptional) continue;
    if (!judge(given[name])) return `has ${name}: ${JSON.stringify(given[name])}`;
  }
  return undefined;
}
