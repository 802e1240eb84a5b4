// When two paths of our origin get in each other's way. Pure. Who has which path is conflicts.ts and page-conflicts.ts.

export interface TakenPath {
  readonly path: string;
  /** How a fault names what is there. */
  readonly by: string;
  readonly isPrefix: boolean;
}

export function overlap(a: Omit<TakenPath, 'by'>, b: Omit<TakenPath, 'by'>): boolean {
  return a.path === b.path || covers(a, b.path) || covers(b, a.path);
}

function covers({ path, isPrefix }: Omit<TakenPath, 'by'>, other: string): boolean {
  // The Socket.IO server answers on its path without the slash too.
  return isPrefix && (other.startsWith(path) || `${other}/` === path);
}
