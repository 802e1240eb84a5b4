// Which forwarded paths must not reach Synapse, judged on every reading that a server behind could make of them.
// Pure. Raw prefix lists can be passed by (`/_synapse/%6Detrics` is served: Twisted decodes each segment), so the
// path is decoded and walked here; what is forwarded are the original bytes.

/** Decoding stops changing a path that is not built to hide something; deeper nesting is refused. */
const MAX_DECODINGS = 4;

/**
 * Whether `path`, read in any of the ways that servers are known to read one, leaves `prefix` at any point, or is no
 * text at all (bytes that are no UTF-8, overlong forms among them, are read differently by every decoder).
 * @param path raw path, beginning with `prefix`
 * @param prefix ends with a slash, e.g. `/_synapse/client/`
 */
export function leavesPrefix(path: string, prefix: string): boolean {
  let reading = path.slice(prefix.length);
  for (let depth = 0; depth <= MAX_DECODINGS; depth += 1) {
    // Fullwidth and other compatibility forms of `.`, `/`, `\` and `%` are those characters to who normalises.
    const text = reading.normalize('NFKC');
    if (climbsOut(text)) return true;
    const decoded = decodeOnce(text);
    if (decoded === undefined) return true;
    if (decoded === text) return false;
    reading = decoded;
  }
  return true;
}

/**
 * Whether a walk along `path` steps above where it began. All leniencies at once, each to the side that refuses:
 * a backslash separates only where it helps to climb, and what looks like `..` to anybody climbs.
 */
function climbsOut(path: string): boolean {
  let depth = 0;
  for (const segment of path.split('/')) {
    let descends = false;
    for (const piece of segment.split('\\')) {
      const name = bareName(piece);
      if (/^\.\.+$/.test(name)) {
        depth -= 1;
        if (depth < 0) return true;
      } else if (name !== '' && name !== '.') descends = true;
    }
    if (descends) depth += 1;
  }
  return false;
}

/** `..;a=b` (Tomcat), `..%00` (C strings), `.. ` (Windows) and `.<tab>.` (WHATWG URL) all mean `..` to somebody. */
function bareName(piece: string): string {
  let name = '';
  for (const character of piece) {
    if (character === ';' || character === '?' || character === '#' || character === '\0') break;
    if (character > ' ' && character !== '\x7f') name += character;
  }
  return name;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One round of percent-decoding; undefined if a run of encoded bytes is no UTF-8. */
function decodeOnce(path: string): string | undefined {
  try {
    return path.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) =>
      utf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')),
    );
  } catch {
    return undefined;
  }
}
