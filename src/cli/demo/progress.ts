// Tells a waiting person that work goes on: one line that updates itself on a terminal, a line every few seconds
// elsewhere. Knows nothing of the work.

import type { Clock } from '../../clock.ts';

/** What the demo prints to: process.stdout fits. */
export interface Out {
  write(text: string): unknown;
  isTTY?: boolean;
}

export interface Progress {
  /** Shows what goes on now; calls that come too fast are passed over. */
  update(detail: string): void;
  /** Ends the updating line, so that what follows starts on a line of its own. */
  end(text: string): void;
}

const LOG_INTERVAL_MS = 5_000;
const TERMINAL_INTERVAL_MS = 100;
const TERMINAL_WIDTH = 78;
const CLEAR_LINE = '\r\u001B[K';

export function startProgress(out: Out, clock: Clock, title: string): Progress {
  const startedAtMs = clock.monotonicMs();
  const isTerminal = out.isTTY === true;
  const intervalMs = isTerminal ? TERMINAL_INTERVAL_MS : LOG_INTERVAL_MS;
  let shownAtMs = startedAtMs;
  out.write(isTerminal ? title.slice(0, TERMINAL_WIDTH) : `${title}\n`);
  return {
    update(detail) {
      const nowMs = clock.monotonicMs();
      if (nowMs - shownAtMs < intervalMs) return;
      shownAtMs = nowMs;
      const line = `${title} ${Math.round((nowMs - startedAtMs) / 1000)} s: ${detail}`;
      out.write(isTerminal ? `${CLEAR_LINE}${line.slice(0, TERMINAL_WIDTH)}` : `${line}\n`);
    },
    end(text) {
      out.write(isTerminal ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    },
  };
}
