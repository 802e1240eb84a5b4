// The paths of web pages' sockets: `/ws/{a}/{b}`. Pure. Whose path it is, profile or room, is said by the doors.

export interface PagePath {
  /** Both decoded, neither empty. */
  readonly first: string;
  readonly second: string;
}

/** Longer names are nobody's: they would be kept for every socket. */
const MAX_CHARACTERS = 255;

/**
 * @param prefix with a slash at its end
 * @param path raw path of a request, without its query
 */
export function readPagePath(prefix: string, path: string): PagePath | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const [first, second, ...rest] = path.slice(prefix.length).split('/').map(decoded);
  if (first === undefined || second === undefined || rest.length > 0) return undefined;
  return { first, second };
}

function decoded(segment: string): string | undefined {
  let text: string;
  try {
    text = decodeURIComponent(segment);
  } catch {
    return undefined;
  }
  return text === '' || text.length > MAX_CHARACTERS ? undefined : text;
}
