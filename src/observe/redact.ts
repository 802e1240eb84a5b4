// What of a request target may be written down. Pure. Header fields and bodies are never logged at all.
// Only what is known to be harmless is shown: a list of the secret parameters would miss the next one, and those that
// a client misspells, nests in another URL, or puts where they do not belong.

/** Query parameters of Matrix whose values say nothing about who asks and let nobody act. */
const HARMLESS_PARAMETERS = new Set([
  'archived',
  'at',
  'dir',
  'from',
  'full_state',
  'height',
  'kind',
  'limit',
  'membership',
  'method',
  'not_membership',
  'prev_batch',
  'set_presence',
  'since',
  'timeout',
  'to',
  'ts',
  'v',
  'via',
  'width',
]);
const HARMLESS_VALUE = /^[A-Za-z0-9._~:-]{0,64}$/;

/** From here on, a path is a query, a parameter or a fragment that lost its way. */
const END_OF_PATH = /[?;#=]|%3[bdf]|%23/i;

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
      const isHarmless =
        HARMLESS_PARAMETERS.has(pair.slice(0, equals)) && HARMLESS_VALUE.test(pair.slice(equals + 1));
      return equals !== -1 && isHarmless ? pair : MASK;
    })
    .join('&');
}

function cut(text: string): string {
  return text.length > MAX_LOGGED_CHARACTERS ? `${text.slice(0, MAX_LOGGED_CHARACTERS)}…` : text;
}
