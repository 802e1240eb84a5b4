// Which forwarded paths must not reach Synapse, judged on every reading that a server behind could make of them.
// Pure. Raw prefix lists can be passed by (`/_synapse/%6Detrics` is served: Twisted decodes each segment), so the
// path is decoded and normalised here; what is forwarded are the original bytes.

/** Decoding stops changing a path that is not built to hide something; deeper nesting is refused. */
const MAX_DECODINGS = 4;

/**
 * Whether `path`, read in any of the ways that servers are known to read one, leaves `prefix`.
 * @param path raw path, beginning with `prefix`
 * @param prefix ends with a slash, e.g. `/_synapse/client/`
 */
export function leavesPrefix(path: string, prefix: string): boolean {
  let reading = path;
  for (let depth = 0; depth <= MAX_DECODINGS; depth += 1) {
    if (!`${normalise(reading)}/`.startsWith(prefix)) return true;
    const decoded = decodeOnce(reading);
    if (decoded === reading) return false;
    reading = decoded;
  }
  return true;
}

/** Dot segments resolved, slashes collapsed, `;parameters` and trailing dots or blanks of a segment cut off. */
function normalise(path: string): string {
  const segments: string[] = [];
  for (const raw of path.normalize('NFKC').replaceAll('\\', '/').split('/')) {
    const segment = trimSegment(raw);
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

/** `..;a=b` (Tomcat), `..%00` (C strings) and `.. ` (Windows) all mean `..` to somebody. */
function trimSegment(segment: string): string {
  let end = segment.search(/[;\0]/);
  if (end === -1) end = segment.length;
  while (end > 0 && segment.charCodeAt(end - 1) <= 0x20) end -= 1;
  return segment.slice(0, end);
}

/**
 * One round of percent-decoding to text. Bytes that are no UTF-8 are read leniently, so that overlong forms
 * (`%c0%ae` for a dot, `%c0%af` for a slash) show what a lenient decoder would make of them.
 */
function decodeOnce(path: string): string {
  return path.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return shortenOverlong(bytes).toString('utf8');
  });
}

/** Turns the overlong two- and three-byte forms of ASCII characters into those characters. */
function shortenOverlong(bytes: Buffer): Buffer {
  const shortened: number[] = [];
  for (let i = 0; i < bytes.length; i += 1) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3);
    if ((a === 0xc0 || a === 0xc1) && (b & 0xc0) === 0x80) {
      shortened.push(((a & 0x1f) << 6) | (b & 0x3f));
      i += 1;
    } else if (a === 0xe0 && b >= 0x80 && b < 0xa0 && (c & 0xc0) === 0x80) {
      shortened.push(((b & 0x3f) << 6) | (c & 0x3f));
      i += 2;
    } else {
      shortened.push(a);
    }
  }
  return Buffer.from(shortened);
}
