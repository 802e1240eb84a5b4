// Tells when a group of files was replaced, however that is done: written in place, renamed over, or by a link that leads
// elsewhere from now on. It reads none of them, and does not know what they hold.

import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { CancelTimer, Clock } from '../clock.ts';

/** The folder of a link shows nothing when only its target changes (certbot, Kubernetes): the files are looked at too. */
const POLL_MS = 10_000;
/** Some folders never rest; looking at once for each of their changes would. */
const LOOK_MS = 200;
/** Whoever writes a certificate writes its key next: half of the two would be refused, and said to be wrong. */
const SETTLE_MS = 1_000;

export class WatchedFiles {
  readonly #paths: readonly string[];
  readonly #clock: Clock;
  readonly #onChanged: () => void;
  readonly #watchers: FSWatcher[] = [];
  #seen = '';
  #cancelPoll: CancelTimer | undefined;
  #cancelLook: CancelTimer | undefined;
  #cancelSettle: CancelTimer | undefined;
  #isClosed = false;

  /** @param onChanged called when the files have changed since `open`, or since the last call, and rest again */
  constructor(paths: readonly string[], clock: Clock, onChanged: () => void) {
    this.#paths = paths;
    this.#clock = clock;
    this.#onChanged = onChanged;
  }

  /** What is read after this has begun is watched; call it before the first reading. */
  async open(): Promise<void> {
    this.#seen = await signatureOf(this.#paths);
    if (this.#isClosed) return;
    for (const folder of new Set(this.#paths.map((path) => dirname(path)))) this.#watchFolder(folder);
    this.#pollLater();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPoll?.();
    this.#cancelLook?.();
    this.#cancelSettle?.();
    for (const watcher of this.#watchers) watcher.close();
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
      // A folder that goes away, or a kernel out of watches: the poll is left.
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch {
      // Likewise.
    }
  }

  #pollLater(): void {
    this.#cancelPoll = this.#clock.after(POLL_MS, () => {
      this.#pollLater();
      void this.#look();
    });
  }

  #lookSoon(): void {
    if (this.#isClosed) return;
    this.#cancelLook ??= this.#clock.after(LOOK_MS, () => {
      this.#cancelLook = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const now = await signatureOf(this.#paths);
    if (this.#isClosed || now === this.#seen) return;
    this.#seen = now;
    this.#cancelSettle?.();
    this.#cancelSettle = this.#clock.after(SETTLE_MS, this.#onChanged);
  }
}

/** Other for every other content, as far as that can be told without reading it. */
async function signatureOf(paths: readonly string[]): Promise<string> {
  const signatures = paths.map((path) =>
    stat(path).then(
      ({ dev, ino, size, mtimeMs, ctimeMs }) => [dev, ino, size, mtimeMs, ctimeMs].join(':'),
      (error: NodeJS.ErrnoException) => error.code ?? 'unreadable',
    ),
  );
  return (await Promise.all(signatures)).join(' ');
}
