// Puts a connection and its calls together into what the application holds. It decides nothing; who gets the same one
// again is connect.ts's.

import { Connection } from './connection/connection.ts';
import type { Environment } from './environment.ts';
import { readPastCalls } from './history.ts';
import { Listeners } from './listeners.ts';
import type { Call, CallOptions, ConnectOptions, Portico, PorticoEvents } from './portico.ts';
import type { Signaling } from './signaling.ts';

/** As calls/calls.ts makes them. */
export interface ComposedCalls {
  readonly list: readonly Call[];
  place(roomId: string, options?: CallOptions): Promise<Call>;
  closeAll(): void;
}

export interface PorticoParts {
  readonly environment: Environment;
  readonly makeCalls: (parts: {
    readonly signaling: Signaling;
    readonly onIncoming: (call: Call) => void;
    readonly onEnded: (call: Call) => void;
  }) => ComposedCalls;
  readonly onClosed: () => void;
}

export function composePortico(options: ConnectOptions, parts: PorticoParts): Portico {
  const { environment, makeCalls, onClosed } = parts;
  const events = new Listeners<PorticoEvents>();
  const connection = new Connection({
    environment,
    options,
    isInCall: () => calls.list.length > 0,
    onStatus: (state, problem) => events.emit('state', { state, problem }),
  });
  const calls = makeCalls({
    signaling: connection,
    onIncoming: (call) => events.emit('incoming', call),
    onEnded: (call) => events.emit('ended', call),
  });
  connection.onState((state) => {
    // Nobody can be told anything any more, and the server lets the others know soon: the microphone must not stay open.
    if (state === 'refused') calls.closeAll();
  });

  return {
    get state() {
      return connection.state;
    },
    get problem() {
      return connection.problem;
    },
    get userId() {
      return connection.userId;
    },
    get deviceId() {
      return connection.deviceId;
    },
    get calls() {
      return calls.list;
    },
    on: (name, listener) => events.on(name, listener),
    call: (roomId, callOptions) => calls.place(roomId, callOptions),
    async history({ limit, before } = {}) {
      const query = new URLSearchParams();
      if (limit !== undefined) query.set('limit', String(limit));
      if (before !== undefined) query.set('before', before);
      return readPastCalls(await connection.api('GET', `/api/calls?${query.toString()}`));
    },
    missedCalls: async () => readPastCalls(await connection.api('GET', '/api/calls/missed')),
    markMissedRead: async () => void (await connection.api('POST', '/api/calls/missed/read')),
    retryNow: () => connection.retryNow(),
    close() {
      // First: what hangs up has to go out while there is a socket.
      calls.closeAll();
      connection.close();
      onClosed();
    },
  };
}
