// `signaling.profile`: web pages that connect as a profile of an application, by /ws/PROFILE_ID/PROFILE_TYPE.

import type { ConfigOf } from '../keys.ts';
import { key, section } from '../keys.ts';
import { listOf } from '../kinds/collection.ts';
import type { Kind, Parsed } from '../kinds/kind.ts';
import { wholeKind } from '../kinds/kind.ts';
import { boolean, oneOf, text } from '../kinds/scalar.ts';
import { urlPath } from '../kinds/url-path.ts';
import { forwardSection, JWT_DOC, jwtKeys } from './page-auth.ts';

const PROFILE_TYPE = /^[a-z][a-z0-9_-]{0,31}$/;

const profileType: Kind<string> = wholeKind<string>({
  name: 'a profile type',
  allowed: 'a word of letters, digits, _ and -, beginning with a letter, at most 32 characters',
  schema: { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_-]{0,31}$' },
  decide(input) {
    if (typeof input !== 'string') return { problem: 'is not text' };
    const lower = input.toLowerCase();
    return PROFILE_TYPE.test(lower) ? { value: lower } : { problem: 'is not such a word' };
  },
  show: (value) => value,
});

const anyTypes = listOf(profileType, { isNonEmpty: true });
const profileTypes: Kind<readonly string[]> = {
  ...anyTypes,
  parse: (input) => withoutTwins(anyTypes.parse(input), input),
  parseText: (given) => withoutTwins(anyTypes.parseText(given), given),
};

/** Types are compared without regard to case, so that two spellings are one type. */
function withoutTwins(parsed: Parsed<readonly string[]>, input: unknown): Parsed<readonly string[]> {
  if (!('value' in parsed) || new Set(parsed.value).size === parsed.value.length) return parsed;
  const problem = 'names a type twice';
  return { faults: [{ at: [], input, problem, allowed: `${anyTypes.allowed}; each type once` }] };
}

export const profileSection = section(
  'profile',
  'Web pages of an application that connect by /ws/ID/TYPE, as one of its profiles.',
  {
    enabled: key('enabled', boolean, false, 'Whether such pages are served at all.'),
    path: key(
      'path',
      urlPath({ endsInSlash: true }),
      '/ws/',
      'What the paths begin with. May be that of signaling.room: then types tells the two apart.',
    ),
    types: key(
      'types',
      profileTypes,
      ['tutor', 'student', 'parent', 'advertiser', 'user'],
      'The types of profiles, whose case does not matter.',
    ),
    auth: key(
      'auth',
      oneOf('forward', 'jwt', 'claimed'),
      'forward',
      'What proves that a page is of the profile in its path. forward: the application says so. jwt: a token that it signed. claimed: nothing, for laboratories only.',
    ),
    relayUnknown: key(
      'relay_unknown',
      boolean,
      false,
      'Whether messages of unknown types are passed on to the profile that they name, instead of refused.',
    ),
    forward: forwardSection,
    jwt: section('jwt', JWT_DOC, {
      ...jwtKeys,
      claims: section('claims', 'The names of claims.', {
        profileId: key('profile_id', text, 'profile_id', 'Holds the ID, which has to be that of the path.'),
        profileType: key('profile_type', text, 'profile_type', 'Holds the type, which has to be that too.'),
        userId: key(
          'user_id',
          text,
          'matrix_user_id',
          'May hold the Matrix user ID by which the profile meets Matrix users.',
        ),
        name: key('name', text, 'name', 'May hold the name that others see.'),
        avatar: key('avatar', text, 'avatar', 'May hold the URL of the picture that others see.'),
      }),
    }),
  },
);

export type ProfileConfig = ConfigOf<typeof profileSection.entries>;
