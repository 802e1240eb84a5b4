// Which forwarded paths must not reach Synapse, judged on every reading that a server behind could make of them.
// Pure. Raw prefix lists can be passed by (`/_synapse/%6Detrics` is served: Twisted decodes each segment), so the
// path is decoded and walked here; what is forwarded are the original bytes.

/**
 * What nearly every path is made of: nothing in it is a separator, a dot or an end of name to anybody. A dot stands
 * between two letters or digits, an escape is one of a character that clients escape and that means nothing (`!` `$` `@`
 * `+` `:`).
 */
const HARMLESS = /^(?:[\w\-~!$:@=+,/]|(?<=[A-Za-z0-9])\.(?=[A-Za-z0-9])|%(?:2[14Bb]|3[Aa]|40))*$/;

/** Decoding stops changing a segment that is not built to hide something; deeper nesting is refused. */
const MAX_DECODINGS = 4;

/**
 * Whether `path`, read in any of the ways that servers are known to read one, climbs above `prefix` at any point, or
 * is no text at all (bytes that are no UTF-8, overlong forms among them, are read differently by every decoder).
 * Only a plain slash leads one level down for every reader; what else separates for some counts where it climbs.
 * @param path raw path, beginning with `prefix`
 * @param prefix ends with a slash, e.g. `/_synapse/client/`
 */
export function leavesPrefix(path: string, prefix: string): boolean {
  if (HARMLESS.test(path)) return false;
  let depth = 0;
  for (const segment of path.slice(prefix.length).split('/')) {
    const step = readSegment(segment);
    if (step === undefined) return true;
    depth += step.climbs > 0 ? -step.climbs : step.descends ? 1 : 0;
    if (depth < 0) return true;
  }
  return false;
}

interface Step {
  /** The most levels up that any reader sees in the segment. */
  climbs: number;
  /** Whether it leads down for every reader: to none it is empty or a single dot. */
  descends: boolean;
}

function readSegment(segment: string): Step | undefined {
  const step: Step = { climbs: 0, descends: true };
  let reading = segment;
  for (let depth = 0; depth <= MAX_DECODINGS; depth += 1) {
    // Fullwidth and other compatibility forms of `.`, `/`, `\` and `%` are those characters to who normalises.
    const text = reading.normalize('NFKC');
    const names = text.split(/[/\\]/).map(bareName);
    step.climbs = Math.max(step.climbs, names.filter((name) => /^\.\.+$/.test(name)).length);
    if (names.some((name) => name === '' || name === '.')) step.descends = false;
    const decoded = decodeOnce(text);
    if (decoded === text) return step;
    if (decoded === undefined) return undefined;
    reading = decoded;
  }
  return undefined;
}

/**
 * `..;a=b` (Tomcat), `..%00` (C strings), `.. ` (Windows) and `.<tab>.` (WHATWG URL) all mean `..` to somebody: cut at
 * what ends a name, less blanks, controls and invisible characters.
 */
function bareName(piece: string): string {
  const end = piece.search(/[;?#\0]/);
  return (end === -1 ? piece : piece.slice(0, end)).replaceAll(/[\p{C}\p{Z}]/gu, '');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** One round of percent-decoding (`%u002e` too, as IIS reads it); undefined if a run of bytes is no UTF-8. */
function decodeOnce(text: string): string | undefined {
  try {
    return text
      .replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => utf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')))
      .replaceAll(/%u([0-9A-Fa-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  } catch {
    return undefined;
  }
}
