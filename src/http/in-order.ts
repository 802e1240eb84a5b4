// One request at a time on each connection. Node's parser hands over pipelined requests as fast as they come; handled
// at once they would reach Synapse in any order, although the client may rely on the order it wrote them in (RFC 9112
// section 9.3.2 lets us do so for safe methods only). It starts work and knows nothing of what the work is.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** No known client pipelines; what waits beyond this is somebody filling memory. */
const MAX_WAITING = 16;

interface Line {
  current: ServerResponse | undefined;
  waiting: Waiting[];
}

interface Waiting {
  /** Undefined for what is no request. */
  readonly response: ServerResponse | undefined;
  readonly start: () => void;
}

export class RequestOrder {
  readonly #lines = new WeakMap<Duplex, Line>();

  /** Starts `begin` once every earlier request of the connection was answered; never, if the connection closes. */
  enter(socket: Duplex, response: ServerResponse, begin: () => void): void {
    const line = this.#lines.get(socket) ?? { current: undefined, waiting: [] };
    this.#lines.set(socket, line);
    const start = (): void => {
      line.current = response;
      response.once('close', () => {
        line.current = undefined;
        // Ended on our side, it has told the client that there is no further answer: nothing may be done any more.
        if (!socket.destroyed && !socket.writableEnded) line.waiting.shift()?.start();
      });
      begin();
    };
    if (line.current === undefined) start();
    else if (line.waiting.length < MAX_WAITING) line.waiting.push({ response, start });
    else socket.destroy();
  }

  /**
   * Nothing more can be read: calls `action` once every request that came whole was answered; never, if the connection
   * closes first. One that waits and did not come whole is not begun: its body would never end.
   */
  afterAll(socket: Duplex, action: () => void): void {
    const line = this.#lines.get(socket);
    if (line?.current === undefined) {
      action();
      return;
    }
    if (line.waiting.at(-1)?.response?.req.complete === false) line.waiting.pop();
    line.waiting.push({ response: undefined, start: action });
  }

  /** Calls `action` as soon as the connection has no request in work; what still waits in line is not begun. */
  whenFree(socket: Duplex, action: () => void): void {
    const line = this.#lines.get(socket);
    if (line?.current === undefined) {
      action();
      return;
    }
    line.waiting.length = 0;
    line.current.once('close', action);
  }

  /** The response that the connection is busy with. */
  currentOf(socket: Duplex): ServerResponse | undefined {
    return this.#lines.get(socket)?.current;
  }
}
