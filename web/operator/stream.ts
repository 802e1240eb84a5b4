// The state of the gateway as it comes by server-sent events, and whether it still comes: the last state is kept while the
// connection is lost. It asks for nothing else, and changes nothing.

import type { OperatorState } from '../../src/observe/operator-state.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export interface Received {
  readonly connection: Connection;
  /** The last that came. */
  readonly state: OperatorState | undefined;
}

/** A state comes every two seconds; a connection that is silent for so long is dead, whatever the browser believes. */
const SILENT_MS = 10_000;
/** After an answer that is none, such as 503, the browser does not try again by itself. */
const AGAIN_MS = 3_000;

/** @returns what ends it */
export function follow(onReceived: (received: Received) => void): () => void {
  let state: OperatorState | undefined;
  let events: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  open();
  return () => {
    clearTimeout(timer);
    events?.close();
  };

  function open(): void {
    events?.close();
    events = new EventSource('api/events');
    expect(SILENT_MS);
    events.addEventListener('state', ({ data }: MessageEvent<string>) => {
      state = JSON.parse(data) as OperatorState;
      expect(SILENT_MS);
      onReceived({ connection: 'live', state });
    });
    events.addEventListener('error', () => {
      onReceived({ connection: 'lost', state });
      expect(AGAIN_MS);
    });
  }

  function expect(withinMs: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      onReceived({ connection: 'lost', state });
      open();
    }, withinMs);
  }
}
