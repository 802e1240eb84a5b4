// A fetch that remembers which long /sync is open, so that a test sends its message only while one is really held.
// Changes nothing of what it forwards.

export interface HeldSync {
  /** The `timeout` that the client asked for. */
  timeoutMs: number;
  isOpen(): boolean;
  /** Resolves with the status when the head of the answer is there. */
  answered: Promise<number>;
}

export interface WatchedFetch {
  fetch: typeof globalThis.fetch;
  /** Resolves with the newest long sync as soon as one is open. */
  heldSync(): Promise<HeldSync>;
}

const LONG_MS = 10_000;

export function watchFetch(): WatchedFetch {
  let newest: HeldSync | undefined;
  let waiting: ((sync: HeldSync) => void)[] = [];

  const watch = (timeoutMs: number, response: Promise<Response>): void => {
    let isOpen = true;
    const answered = response.then(
      (value) => value.status,
      () => 0,
    );
    void answered.finally(() => (isOpen = false));
    const sync: HeldSync = { timeoutMs, isOpen: () => isOpen, answered };
    newest = sync;
    for (const resolve of waiting) resolve(sync);
    waiting = [];
  };

  return {
    fetch: async (input, init) => {
      const response = globalThis.fetch(input, init);
      const timeoutMs = syncTimeoutMs(input instanceof Request ? input.url : String(input));
      if (timeoutMs >= LONG_MS) watch(timeoutMs, response);
      return response;
    },
    heldSync: async () =>
      newest?.isOpen() === true
        ? newest
        : new Promise((resolve) => {
            waiting.push(resolve);
          }),
  };
}

function syncTimeoutMs(text: string): number {
  const url = new URL(text);
  return url.pathname.endsWith('/sync') ? Number(url.searchParams.get('timeout')) : 0;
}
