// Looks at the connections of one call every few seconds: the quality of each to the mesh, and a summary to the server.
// What the numbers mean is stats.ts and quality.ts.

import type { CancelTimer, Environment } from '../environment.ts';
import type { Mesh, Other } from './mesh.ts';
import type { Peer } from './peer.ts';
import { qualityOf, type Measured } from './quality.ts';
import { mean, measure, readTotals, type Totals } from './stats.ts';

export interface MeasuringParts {
  readonly environment: Pick<Environment, 'after'>;
  readonly mesh: Pick<Mesh, 'joined' | 'setQuality'>;
  /** From the answer until media flowed. */
  readonly setupMs: () => number | undefined;
  /** To `POST /api/calls/:id/stats`; what cannot be sent is lost. */
  readonly onReport: (report: Readonly<Record<string, unknown>>) => void;
}

const EVERY_MS = 5_000;
/** 15 s */
const SAMPLES_PER_UPLOAD = 3;

export class Measuring {
  readonly #parts: MeasuringParts;
  #totals = new WeakMap<Peer, Totals>();
  #last: Totals | undefined;
  #samples: Measured[] = [];
  #rounds = 0;
  /** Said once: they do not change any more. */
  #isSetupTold = false;
  #cancel: CancelTimer | undefined;
  #isStopped = false;

  constructor(parts: MeasuringParts) {
    this.#parts = parts;
  }

  /** Again is harmless. */
  start(): void {
    this.#cancel ??= this.#parts.environment.after(EVERY_MS, () => void this.#look());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#upload();
  }

  async #look(): Promise<void> {
    await Promise.all(this.#parts.mesh.joined.map((other) => this.#lookAt(other)));
    this.#rounds += 1;
    if (this.#rounds % SAMPLES_PER_UPLOAD === 0) this.#upload();
    if (!this.#isStopped) this.#cancel = this.#parts.environment.after(EVERY_MS, () => void this.#look());
  }

  async #lookAt({ userId, peer }: Pick<Other, 'userId' | 'peer'>): Promise<void> {
    // A connection may be closed while it is asked.
    const report = await peer.getStats().catch(() => undefined);
    if (report === undefined || peer.link !== 'connected')
      return this.#parts.mesh.setQuality(userId, undefined);
    const totals = readTotals(report);
    const measured = measure(this.#totals.get(peer), totals);
    this.#totals.set(peer, totals);
    this.#last = totals;
    this.#samples.push(measured);
    this.#parts.mesh.setQuality(userId, qualityOf(measured));
  }

  #upload(): void {
    const samples = this.#samples.splice(0);
    if (samples.length === 0) return;
    const { candidateType, protocol } = this.#last ?? {};
    const [first] = this.#parts.mesh.joined;
    const setup = this.#isSetupTold ? {} : { setupMs: this.#parts.setupMs(), iceMs: first?.peer.iceMs };
    this.#isSetupTold = true;
    // Members that are undefined are left out of the JSON.
    this.#parts.onReport({ ...mean(samples), ...setup, candidateType, protocol });
  }
}
