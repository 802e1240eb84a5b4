// How many requests there were, by route, status and end: plain numbers, because a counter of the metrics library costs
// more for each request than reading its head. The library asks for them when somebody asks it.

export interface RequestCount {
  readonly route: string;
  readonly status: number;
  readonly endedBy: string;
  readonly count: number;
}

export class RequestTally {
  /** By route, then end, then status: few of each, for none of them is a client's choice. */
  readonly #counts = new Map<string, Map<string, Map<number, number>>>();

  add(route: string, status: number, endedBy: string): void {
    const byEnd = entryOf(this.#counts, route, () => new Map<string, Map<number, number>>());
    const byStatus = entryOf(byEnd, endedBy, () => new Map<number, number>());
    byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
  }

  *counts(): Iterable<RequestCount> {
    for (const [route, byEnd] of this.#counts) {
      for (const [endedBy, byStatus] of byEnd) {
        for (const [status, count] of byStatus) yield { route, status, endedBy, count };
      }
    }
  }
}

function entryOf<V>(map: Map<string, V>, key: string, create: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const created = create();
  map.set(key, created);
  return created;
}
