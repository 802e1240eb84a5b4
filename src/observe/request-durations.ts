// How long requests took, by route: plain numbers, because a histogram of the metrics library costs more for each request
// than reading its head. The library asks for them when somebody asks it.

import type { Histogram } from 'prom-client';

/** Upper bounds of the classes, in seconds: quick answers, slow ones, and long polls of 30 s and more. */
const BOUNDS = [0.005, 0.02, 0.1, 0.5, 2, 10, 35, 120];

interface Durations {
  /** One for each bound, and one for what is longer. */
  readonly counts: number[];
  sumSeconds: number;
}

export class RequestDurations {
  /** Routes are few, for none of them is a client's choice. */
  readonly #byRoute = new Map<string, Durations>();

  add(route: string, seconds: number): void {
    let durations = this.#byRoute.get(route);
    if (durations === undefined) {
      durations = { counts: Array.from({ length: BOUNDS.length + 1 }, () => 0), sumSeconds: 0 };
      this.#byRoute.set(route, durations);
    }
    let at = 0;
    while (at < BOUNDS.length && seconds > (BOUNDS[at] ?? 0)) at += 1;
    durations.counts[at] = (durations.counts[at] ?? 0) + 1;
    durations.sumSeconds += seconds;
  }

  /** A metric for the library's registry, which asks nothing of it but this. */
  asHistogram(name: string, help: string): Histogram {
    const described = { name, help, type: 'histogram', aggregator: 'sum', labelNames: ['route'] };
    const get = (): Promise<object> => Promise.resolve({ ...described, values: [...this.#values(name)] });
    return { ...described, get } as unknown as Histogram;
  }

  *#values(name: string): Iterable<object> {
    for (const [route, { counts, sumSeconds }] of this.#byRoute) {
      let total = 0;
      for (const [at, count] of counts.entries()) {
        total += count;
        yield { metricName: `${name}_bucket`, labels: { le: BOUNDS[at] ?? '+Inf', route }, value: total };
      }
      yield { metricName: `${name}_sum`, labels: { route }, value: sumSeconds };
      yield { metricName: `${name}_count`, labels: { route }, value: total };
    }
  }
}
