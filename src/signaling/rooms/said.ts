// What a page says of its user in the query of its socket: `?username=&avatar_url=`. Pure. Whether that is believed is
// not decided here.

import { printableName } from '../../matrix/display-name.ts';

export interface Said {
  readonly name: string | undefined;
  readonly avatar: string | undefined;
}

/** Pictures are shown by the other pages: what is no URL of printable ASCII is left out. */
const PICTURE = /^[\x21-\x7e]{1,2048}$/;

export function readSaid(query: URLSearchParams): Said {
  return {
    name: printableName(query.get('username') ?? ''),
    avatar: pictureOf(query.get('avatar_url')),
  };
}

export function pictureOf(value: unknown): string | undefined {
  return typeof value === 'string' && PICTURE.test(value) ? value : undefined;
}
