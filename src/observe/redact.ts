// What of a request target may be written down. Pure. Header fields and bodies are never logged at all.
// Only what is known to be harmless is shown: a list of the secret parameters would miss the next one, and those that
// a client misspells, nests in another URL, or puts where they do not belong.

const NUMBER = /^[0-9]{1,15}$/;
const WORD =
  /^(?:b|f|guest|user|crop|scale|true|false|online|offline|unavailable|join|leave|invite|ban|knock)$/;
/** Synapse's stream positions, e.g. `s72594_4483_1934` or `t47-57_0_0`. */
const POSITION = /^[a-z]?[0-9][0-9_~.-]{0,100}$/;

/** Query parameters of Matrix that say nothing about who asks and let nobody act, with what such values look like. */
const HARMLESS_PARAMETERS: ReadonlyMap<string, RegExp> = new Map([
  ['at', POSITION],
  ['dir', WORD],
  ['from', POSITION],
  ['full_state', WORD],
  ['height', NUMBER],
  ['kind', WORD],
  ['limit', NUMBER],
  ['membership', WORD],
  ['method', WORD],
  ['not_membership', WORD],
  ['set_presence', WORD],
  ['since', POSITION],
  ['timeout', NUMBER],
  ['to', POSITION],
  ['ts', NUMBER],
  ['width', NUMBER],
]);

/** From here on, a path is a query, a parameter, a fragment or a user name with password that lost its way. */
const END_OF_PATH = /[?;#=]|%(?:23|25|3b|3d|3f|ef)|:[^/]*@/i;

/** Longer targets are cut in the log: one client must not fill the disk by asking for nonsense. */
const MAX_LOGGED_CHARACTERS = 1_024;
const MASK = '***';

/** @param target as received; what is not in origin form may hold a password and is not shown at all */
export function redactTarget(target: string): string {
  if (!target.startsWith('/')) return target === '*' ? target : MASK;
  const queryAt = target.indexOf('?');
  const path = queryAt === -1 ? target : target.slice(0, queryAt);
  const stray = path.search(END_OF_PATH);
  const shownPath = cut(stray === -1 ? path : `${path.slice(0, stray)}${MASK}`);
  return queryAt === -1 ? shownPath : `${shownPath}?${cut(redactQuery(target.slice(queryAt + 1)))}`;
}

function redactQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const equals = pair.indexOf('=');
      const harmless = equals === -1 ? undefined : HARMLESS_PARAMETERS.get(pair.slice(0, equals));
      return harmless?.test(pair.slice(equals + 1)) === true ? pair : MASK;
    })
    .join('&');
}

function cut(text: string): string {
  return text.length > MAX_LOGGED_CHARACTERS ? `${text.slice(0, MAX_LOGGED_CHARACTERS)}…` : text;
}
