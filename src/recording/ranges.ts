// Which part of a file a request asks for (RFC 9110 section 14). Pure. One range only: who asks for several, or for what
// cannot be read, gets the whole, as the RFC allows.

/** Both ends belong to it. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/;

/** @param sizeBytes of the whole file */
export function readRange(
  text: string | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first, last] = RANGE.exec(text ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'whole';
  if (first === '') {
    const suffix = Number(last);
    if (suffix === 0 || sizeBytes === 0) return 'unsatisfiable';
    return { first: Math.max(0, sizeBytes - suffix), last: sizeBytes - 1 };
  }
  const range = {
    first: Number(first),
    last: Math.min(last === '' ? Infinity : Number(last), sizeBytes - 1),
  };
  if (last !== '' && Number(last) < range.first) return 'whole';
  return range.first >= sizeBytes ? 'unsatisfiable' : range;
}
